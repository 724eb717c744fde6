"""The engine by its own names, as PostgREST and Supabase offer it: functions and views."""
