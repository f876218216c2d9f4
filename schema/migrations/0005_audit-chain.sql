CREATE TABLE "audit_chains" (
	"account_id" uuid PRIMARY KEY NOT NULL,
	"sequence" bigint DEFAULT 0 NOT NULL,
	"hash" "bytea" DEFAULT decode(repeat('00', 32), 'hex') NOT NULL,
	"sealed_at" timestamp (3) with time zone,
	"pruned_sequence" bigint DEFAULT 0 NOT NULL,
	"pruned_hash" "bytea" DEFAULT decode(repeat('00', 32), 'hex') NOT NULL,
	"oldest_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"account_id" uuid NOT NULL,
	"sequence" bigint NOT NULL,
	"id" uuid NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"action" "audit_action" NOT NULL,
	"code" text,
	"purpose" "acquisition_purpose",
	"management_key_id" text NOT NULL,
	"transaction_key_id" uuid,
	"affected_management_key_id" text,
	"address" text,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "audit_entries_account_id_sequence_pk" PRIMARY KEY("account_id","sequence")
);
--> statement-breakpoint
CREATE INDEX "audit_chains_oldest" ON "audit_chains" USING btree ("oldest_at");