CREATE TABLE "account_usage" (
	"account_id" uuid PRIMARY KEY NOT NULL,
	"transaction_keys" integer NOT NULL,
	"stored_bytes" bigint NOT NULL,
	"transaction_keys_max" integer,
	"management_keys_max" integer,
	"webhooks_max" integer,
	"stored_bytes_max" integer
);
--> statement-breakpoint
CREATE TABLE "deleted_accounts" (
	"account_id" uuid PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE "invitations" (
	"hash" text PRIMARY KEY NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"account_id" uuid,
	"is_revoked" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rates" (
	"limit_name" text NOT NULL,
	"client" text NOT NULL,
	"full_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "rates_limit_name_client_pk" PRIMARY KEY("limit_name","client")
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "suspended_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "management_keys" ADD COLUMN "suspended_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "account_usage" ADD CONSTRAINT "account_usage_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "invitations_expired" ON "invitations" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "rates_full" ON "rates" USING btree ("full_at");