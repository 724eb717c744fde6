// Another one, with an agent's token of Holdfast's own: it finds the walk, goes on with it, and ends it.
import { createClient } from "@supabase/supabase-js";

const { HOLDFAST_URL, TOKEN } = process.env;
const supabase = createClient(HOLDFAST_URL, TOKEN, { auth: { persistSession: false } });
const told = {};

told.recovered = await supabase
  .rpc("get_active_auto_proceed_session", { p_session_id: "session-1" })
  .single();
told.finished = await supabase.rpc("update_auto_proceed_progress", {
  p_session_id: "session-1",
  p_completed_children: told.recovered.data.total_children,
});
told.ended = await supabase.rpc("deactivate_auto_proceed_session", { p_session_id: "session-1" });
told.none = await supabase
  .rpc("get_active_auto_proceed_session", { p_session_id: "session-1" })
  .maybeSingle();
told.one = await supabase
  .from("auto_proceed_sessions")
  .select()
  .eq("session_id", "session-1")
  .single();
told.tooMany = await supabase.from("auto_proceed_sessions").select("id").eq("session_id", "-").single();
told.counted = await supabase
  .from("auto_proceed_sessions")
  .select("*", { count: "exact", head: true })
  .is("is_active", false);
console.log(JSON.stringify(told));
