-- Counts what is due and waits, each up to p_most: deadlines that nobody took p_overdue_seconds ago, and webhooks.
CREATE OR REPLACE FUNCTION count_backlog(p_overdue_seconds integer, p_most integer)
RETURNS TABLE (deadlines integer, webhooks integer) LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY SELECT
    (SELECT count(*)::integer FROM (
      SELECT FROM deadlines d
      WHERE d.taken_at IS NULL AND d.due_at <= v_now - make_interval(secs => p_overdue_seconds)
      LIMIT p_most) AS overdue),
    (SELECT count(*)::integer FROM (
      SELECT FROM webhooks w
      WHERE w.due_at <= v_now AND (w.leased_until IS NULL OR w.leased_until <= v_now)
      LIMIT p_most) AS due);
END $$;
