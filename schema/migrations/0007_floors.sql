ALTER TABLE "accounts" ADD COLUMN "alert_floor_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "application_servers" ADD COLUMN "change_floor_at" timestamp (3) with time zone;