-- Gives back what `try_turn` took.
select pg_advisory_unlock(hashtextextended('holdfast.change', 0))
