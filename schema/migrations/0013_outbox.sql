CREATE TABLE "key_change_outbox" (
	"account_id" uuid NOT NULL,
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"application_server_id" uuid NOT NULL,
	"kind" "key_change_kind" NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL,
	"place" integer NOT NULL,
	"thumbprint" text NOT NULL,
	"expires_at" timestamp (3) with time zone,
	CONSTRAINT "key_change_outbox_account_id_id_pk" PRIMARY KEY("account_id","id")
);
