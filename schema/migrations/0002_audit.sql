CREATE TYPE "public"."acquisition_purpose" AS ENUM('USE', 'REWRAP', 'EXPORT');--> statement-breakpoint
CREATE TYPE "public"."audit_action" AS ENUM('ACCOUNT_OPENED', 'MANAGEMENT_KEY_ADDED', 'MANAGEMENT_KEY_REVOKED', 'KEY_STORED', 'KEY_ACQUIRED', 'KEY_UPDATED', 'KEY_REWRAPPED', 'KEY_REVOKED', 'KEY_DESTROYED', 'ALERTS_ACKNOWLEDGED', 'WEBHOOK_CHANGED');--> statement-breakpoint
CREATE TABLE "audit_pending" (
	"account_id" uuid NOT NULL,
	"position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "audit_pending_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"action" "audit_action" NOT NULL,
	"code" text,
	"purpose" "acquisition_purpose",
	"management_key_id" text NOT NULL,
	"transaction_key_id" uuid,
	"affected_management_key_id" text,
	"address" text,
	CONSTRAINT "audit_pending_account_id_position_pk" PRIMARY KEY("account_id","position")
);
