CREATE TYPE "public"."mismatch_telling" AS ENUM('ALERTED', 'WAITING', 'SUMMED_UP');--> statement-breakpoint
ALTER TABLE "mismatches" ADD COLUMN "telling" "mismatch_telling" DEFAULT 'ALERTED' NOT NULL;