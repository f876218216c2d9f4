CREATE TYPE "public"."channel_kind" AS ENUM('EMAIL', 'SLACK', 'TEAMS', 'DISCORD', 'NTFY');--> statement-breakpoint
CREATE TYPE "public"."channel_language" AS ENUM('EN', 'DE');--> statement-breakpoint
CREATE TYPE "public"."channel_notice" AS ENUM('CONFIRMATION', 'FAREWELL');--> statement-breakpoint
ALTER TYPE "public"."alert_kind" ADD VALUE 'CHANNEL_CHANGED';--> statement-breakpoint
CREATE TABLE "blocked_addresses" (
	"address_digest" text PRIMARY KEY NOT NULL,
	"blocked_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "confirmations" (
	"account_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"address_digest" text NOT NULL,
	"requested_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "confirmations_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
ALTER TABLE "webhooks" ALTER COLUMN "url" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "channel_kind" "channel_kind";--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "target_digest" text;--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "host_digest" text;--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "language" "channel_language";--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "notice" "channel_notice";--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "notice_expires_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "batch_end" bigint;--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "paused_until" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "confirmations_address" ON "confirmations" USING btree ("address_digest","requested_at");--> statement-breakpoint
CREATE INDEX "confirmations_account" ON "confirmations" USING btree ("account_id","requested_at");--> statement-breakpoint
CREATE INDEX "confirmations_oldest" ON "confirmations" USING btree ("requested_at");--> statement-breakpoint
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_target" UNIQUE("account_id","target_digest");--> statement-breakpoint
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_kind" CHECK (("webhooks"."url" IS NULL) = ("webhooks"."channel_kind" IS NOT NULL));