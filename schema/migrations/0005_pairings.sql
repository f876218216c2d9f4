CREATE TABLE "pairings" (
	"id" text PRIMARY KEY NOT NULL,
	"payload" text NOT NULL,
	"answer" text,
	"opened_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "pairings_expired" ON "pairings" USING btree ("expires_at");