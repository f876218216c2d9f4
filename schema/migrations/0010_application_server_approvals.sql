CREATE TABLE "application_server_approvals" (
	"key_id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"approved_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
