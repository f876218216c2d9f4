ALTER TABLE "management_keys" ADD COLUMN "revocation" text;--> statement-breakpoint
ALTER TABLE "transaction_keys" ADD COLUMN "revocation" text;