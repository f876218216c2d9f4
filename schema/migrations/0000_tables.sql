CREATE TYPE "public"."alert_kind" AS ENUM('KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_OVERUSED', 'KEY_REVOKED', 'PUBLIC_KEY_MISMATCH', 'MANAGEMENT_KEY_ADDED', 'MANAGEMENT_KEY_REVOKED', 'KEYS_REWRAPPED', 'KEYS_EXPORTED');--> statement-breakpoint
CREATE TYPE "public"."application_server_proof" AS ENUM('WELL_KNOWN', 'OPERATOR');--> statement-breakpoint
CREATE TYPE "public"."key_change_kind" AS ENUM('REVOKED', 'DESTROYED', 'SUPERSEDED', 'TERM_CHANGED', 'EXPIRED');--> statement-breakpoint
CREATE TYPE "public"."management_key_kind" AS ENUM('DEVICE', 'RECOVERY', 'VIEWER');--> statement-breakpoint
CREATE TYPE "public"."mismatch_telling" AS ENUM('ALERTED', 'WAITING', 'SUMMED_UP');--> statement-breakpoint
CREATE TYPE "public"."overuse_policy" AS ENUM('NOTIFY', 'REFUSE');--> statement-breakpoint
CREATE TYPE "public"."revocation_reason" AS ENUM('UNSPECIFIED', 'COMPROMISED', 'SUPERSEDED', 'CESSATION');--> statement-breakpoint
CREATE SEQUENCE "public"."proof_tickets" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "accounts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"alert_position" bigint DEFAULT 0 NOT NULL,
	"alert_low_water_mark" bigint DEFAULT 0 NOT NULL,
	"alert_low_water_mark_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "acquisitions" (
	"account_id" uuid NOT NULL,
	"idempotency_scope" text NOT NULL,
	"transaction_key_id" uuid NOT NULL,
	"acquisition_id" uuid NOT NULL,
	"acquired_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "acquisitions_account_id_idempotency_scope_transaction_key_id_acquisition_id_pk" PRIMARY KEY("account_id","idempotency_scope","transaction_key_id","acquisition_id")
);
--> statement-breakpoint
CREATE TABLE "alerts" (
	"account_id" uuid NOT NULL,
	"position" bigint NOT NULL,
	"kind" "alert_kind" NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"acknowledged_at" timestamp (3) with time zone,
	"transaction_key_id" uuid,
	"management_key_id" text,
	"details" jsonb NOT NULL,
	CONSTRAINT "alerts_account_id_position_pk" PRIMARY KEY("account_id","position")
);
--> statement-breakpoint
CREATE TABLE "application_server_approvals" (
	"key_id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"approved_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "application_server_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"application_server_id" uuid NOT NULL,
	"signing_key" jsonb NOT NULL,
	"registered_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"proof" "application_server_proof",
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "application_servers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"proved_at" timestamp (3) with time zone,
	"proof_ticket" bigint DEFAULT 0 NOT NULL,
	"change_position" bigint DEFAULT 0 NOT NULL,
	"change_low_water_mark" bigint DEFAULT 0 NOT NULL,
	"change_low_water_mark_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "clock_sightings" (
	"elapsed_ms" bigint PRIMARY KEY NOT NULL,
	"clock" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deadlines" (
	"account_id" uuid NOT NULL,
	"transaction_key_id" uuid NOT NULL,
	"notice_seconds" integer NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"taken_at" timestamp (3) with time zone,
	CONSTRAINT "deadlines_account_id_transaction_key_id_notice_seconds_pk" PRIMARY KEY("account_id","transaction_key_id","notice_seconds")
);
--> statement-breakpoint
CREATE TABLE "forgotten_nonces" (
	"id" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "key_changes" (
	"application_server_id" uuid NOT NULL,
	"position" bigint NOT NULL,
	"kind" "key_change_kind" NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"thumbprint" text NOT NULL,
	"expires_at" timestamp (3) with time zone,
	CONSTRAINT "key_changes_application_server_id_position_pk" PRIMARY KEY("application_server_id","position")
);
--> statement-breakpoint
CREATE TABLE "management_key_owners" (
	"management_key_id" text PRIMARY KEY NOT NULL,
	"account_id" uuid NOT NULL,
	"signing_key" jsonb NOT NULL,
	"is_viewer" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "management_keys" (
	"account_id" uuid NOT NULL,
	"id" text NOT NULL,
	"label" text NOT NULL,
	"kind" "management_key_kind" NOT NULL,
	"signing_key" jsonb NOT NULL,
	"wrapping_key" jsonb,
	"endorsement" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"revocation" text,
	CONSTRAINT "management_keys_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "mismatches" (
	"account_id" uuid NOT NULL,
	"application_server" text NOT NULL,
	"presented_thumbprint" text NOT NULL,
	"alerted_at" timestamp (3) with time zone NOT NULL,
	"telling" "mismatch_telling" DEFAULT 'ALERTED' NOT NULL,
	CONSTRAINT "mismatches_account_id_application_server_presented_thumbprint_pk" PRIMARY KEY("account_id","application_server","presented_thumbprint")
);
--> statement-breakpoint
CREATE TABLE "nonces" (
	"principal_id" uuid NOT NULL,
	"key_id" text NOT NULL,
	"nonce" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "nonces_principal_id_key_id_nonce_pk" PRIMARY KEY("principal_id","key_id","nonce")
);
--> statement-breakpoint
CREATE TABLE "pairings" (
	"id" text PRIMARY KEY NOT NULL,
	"payload" text NOT NULL,
	"answer" text,
	"opened_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "server_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"public_key" jsonb NOT NULL,
	"sealed_private_key" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"is_prepared" boolean DEFAULT false NOT NULL,
	"retired_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "transaction_key_usage" (
	"account_id" uuid NOT NULL,
	"transaction_key_id" uuid NOT NULL,
	"max_uses" integer,
	"overuse_policy" "overuse_policy" NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"revocation_reason" "revocation_reason",
	"use_count" integer DEFAULT 0 NOT NULL,
	"refused_count" integer DEFAULT 0 NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"refused_beyond_limit" integer DEFAULT 0 NOT NULL,
	"next_alert_excess" bigint DEFAULT 1 NOT NULL,
	CONSTRAINT "transaction_key_usage_account_id_transaction_key_id_pk" PRIMARY KEY("account_id","transaction_key_id")
);
--> statement-breakpoint
CREATE TABLE "transaction_keys" (
	"account_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"application_server" text NOT NULL,
	"label" text,
	"public_key" jsonb,
	"thumbprint" text,
	"not_before" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone,
	"expiry_notices" integer[] NOT NULL,
	"has_default_notices" boolean NOT NULL,
	"certificate" text,
	"revocation" text,
	"content_hash" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "transaction_keys_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "webhook_dead_letters" (
	"account_id" uuid NOT NULL,
	"webhook_id" uuid NOT NULL,
	"position" bigint NOT NULL,
	"failed_at" timestamp (3) with time zone NOT NULL,
	"failure" text NOT NULL,
	"is_redelivery_asked" boolean DEFAULT false NOT NULL,
	CONSTRAINT "webhook_dead_letters_account_id_webhook_id_position_pk" PRIMARY KEY("account_id","webhook_id","position")
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"account_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"url" text NOT NULL,
	"kinds" "alert_kind"[],
	"sealed_secret" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"position" bigint NOT NULL,
	"newest_position" bigint NOT NULL,
	"due_at" timestamp (3) with time zone,
	"lease" uuid,
	"leased_until" timestamp (3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"failing_since" timestamp (3) with time zone,
	"failure" text,
	"last_delivered_at" timestamp (3) with time zone,
	"disabled_at" timestamp (3) with time zone,
	"is_redelivery_asked" boolean DEFAULT false NOT NULL,
	CONSTRAINT "webhooks_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "webhooks_url" UNIQUE("account_id","url")
);
--> statement-breakpoint
CREATE TABLE "wrapped_keys" (
	"account_id" uuid NOT NULL,
	"transaction_key_id" uuid NOT NULL,
	"management_key_id" text NOT NULL,
	"jwe" text NOT NULL,
	CONSTRAINT "wrapped_keys_account_id_transaction_key_id_management_key_id_pk" PRIMARY KEY("account_id","transaction_key_id","management_key_id")
);
--> statement-breakpoint
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_server_keys" ADD CONSTRAINT "application_server_keys_application_server_id_application_servers_id_fk" FOREIGN KEY ("application_server_id") REFERENCES "public"."application_servers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deadlines" ADD CONSTRAINT "deadlines_account_id_transaction_key_id_transaction_keys_account_id_id_fk" FOREIGN KEY ("account_id","transaction_key_id") REFERENCES "public"."transaction_keys"("account_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "key_changes" ADD CONSTRAINT "key_changes_application_server_id_application_servers_id_fk" FOREIGN KEY ("application_server_id") REFERENCES "public"."application_servers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "management_keys" ADD CONSTRAINT "management_keys_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transaction_key_usage" ADD CONSTRAINT "transaction_key_usage_account_id_transaction_key_id_transaction_keys_account_id_id_fk" FOREIGN KEY ("account_id","transaction_key_id") REFERENCES "public"."transaction_keys"("account_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transaction_keys" ADD CONSTRAINT "transaction_keys_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_dead_letters" ADD CONSTRAINT "webhook_dead_letters_account_id_webhook_id_webhooks_account_id_id_fk" FOREIGN KEY ("account_id","webhook_id") REFERENCES "public"."webhooks"("account_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wrapped_keys" ADD CONSTRAINT "wrapped_keys_account_id_transaction_key_id_transaction_keys_account_id_id_fk" FOREIGN KEY ("account_id","transaction_key_id") REFERENCES "public"."transaction_keys"("account_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "acquisitions_oldest" ON "acquisitions" USING btree ("acquired_at");--> statement-breakpoint
CREATE INDEX "alerts_unacknowledged" ON "alerts" USING btree ("account_id","position") WHERE "alerts"."acknowledged_at" is null;--> statement-breakpoint
CREATE INDEX "alerts_oldest" ON "alerts" USING btree ("occurred_at");--> statement-breakpoint
CREATE INDEX "application_server_keys_of_server" ON "application_server_keys" USING btree ("application_server_id");--> statement-breakpoint
CREATE INDEX "application_servers_name" ON "application_servers" USING btree ("name");--> statement-breakpoint
CREATE INDEX "deadlines_due" ON "deadlines" USING btree ("due_at") WHERE "deadlines"."taken_at" is null;--> statement-breakpoint
CREATE INDEX "deadlines_taken" ON "deadlines" USING btree ("due_at") WHERE "deadlines"."taken_at" is not null;--> statement-breakpoint
CREATE INDEX "key_changes_oldest" ON "key_changes" USING btree ("occurred_at");--> statement-breakpoint
CREATE INDEX "nonces_expired" ON "nonces" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "pairings_expired" ON "pairings" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "transaction_keys_public_key" ON "transaction_keys" USING btree ("account_id","application_server","thumbprint");--> statement-breakpoint
CREATE INDEX "transaction_keys_newest" ON "transaction_keys" USING btree ("account_id","created_at","id");--> statement-breakpoint
CREATE INDEX "webhooks_due" ON "webhooks" USING btree ("due_at") WHERE "webhooks"."due_at" is not null;--> statement-breakpoint
-- These rows are updated all the time, outside of any index: room on their pages keeps the updates off the indexes (HOT).
ALTER TABLE "accounts" SET (fillfactor = 70);--> statement-breakpoint
ALTER TABLE "transaction_key_usage" SET (fillfactor = 70);
