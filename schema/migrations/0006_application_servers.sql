CREATE TYPE "public"."application_server_proof" AS ENUM('WELL_KNOWN', 'OPERATOR');--> statement-breakpoint
CREATE TYPE "public"."key_change_kind" AS ENUM('REVOKED', 'DESTROYED', 'SUPERSEDED', 'TERM_CHANGED', 'EXPIRED');--> statement-breakpoint
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
	"change_position" bigint DEFAULT 0 NOT NULL,
	"change_floor" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "application_servers_name_unique" UNIQUE("name")
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
ALTER TABLE "application_server_keys" ADD CONSTRAINT "application_server_keys_application_server_id_application_servers_id_fk" FOREIGN KEY ("application_server_id") REFERENCES "public"."application_servers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "key_changes" ADD CONSTRAINT "key_changes_application_server_id_application_servers_id_fk" FOREIGN KEY ("application_server_id") REFERENCES "public"."application_servers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "application_server_keys_of_server" ON "application_server_keys" USING btree ("application_server_id");--> statement-breakpoint
CREATE INDEX "key_changes_oldest" ON "key_changes" USING btree ("occurred_at");