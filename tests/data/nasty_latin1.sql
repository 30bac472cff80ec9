-- What is special about a database that is not UTF8. Loaded by a superuser into an empty one:
--   CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';
--   psql -v ON_ERROR_STOP=1 -d latin -f nasty_latin1.sql
-- This file is UTF-8; the server stores, and pg_dump writes, bytes that are no valid UTF-8.
SET client_encoding = 'UTF8';
SET client_min_messages = error;

CREATE SCHEMA "Büro";
CREATE TABLE "Büro"."Straße ""1"" é" (id int PRIMARY KEY, "größe" text, CHECK ("größe" <> 'ÿ'));
INSERT INTO "Büro"."Straße ""1"" é" SELECT i, 'Käse ' || i || ' «½»' FROM generate_series(1, 300) i;
COMMENT ON TABLE "Büro"."Straße ""1"" é" IS 'ça va';

-- Every character LATIN1 has beyond ASCII, and every control character but zero.
CREATE TABLE public.alphabet (code int PRIMARY KEY, letter text);
INSERT INTO public.alphabet SELECT i, chr(i) FROM generate_series(1, 255) i
  WHERE i NOT BETWEEN 128 AND 159;

CREATE TYPE public."Größe" AS ENUM ('klein', 'groß');
CREATE TABLE public."no break" (letter "char", size public."Größe" DEFAULT 'groß', raw bytea);
INSERT INTO public."no break" VALUES ('x', 'klein', '\xc3a4e4'), (NULL, DEFAULT, '\x');
CREATE SEQUENCE public."zähler" START 7;
CREATE VIEW public."übersicht" AS SELECT "größe" FROM "Büro"."Straße ""1"" é"
  WHERE "größe" LIKE 'Kä%';
SELECT lo_from_bytea(930001, convert_to('äöü', 'LATIN1')) \g /dev/null
