// A worker of an older system: it starts a walk, advances, and is gone without a word.
import { createClient } from "@supabase/supabase-js";

const { HOLDFAST_URL, ANON_KEY, USER_JWT } = process.env;
const supabase = createClient(HOLDFAST_URL, ANON_KEY, {
  auth: { persistSession: false, autoRefreshToken: false },
  global: { headers: { Authorization: `Bearer ${USER_JWT}` } },
});
const told = {};

told.started = await supabase.rpc("upsert_auto_proceed_session", {
  p_session_id: "session-1",
  p_active_sd_key: "SD-001",
  p_chain_orchestrators: true,
  p_current_phase: "LEAD",
  p_parent_orchestrator_key: "SD-ORCH",
  p_total_children: 5,
  p_metadata: { branch: "feature/a" },
});
told.advanced = await supabase.rpc("update_auto_proceed_progress", {
  p_session_id: "session-1",
  p_completed_children: 2,
  p_current_phase: "EXEC",
  p_active_sd_key: "SD-003",
});
told.refused = await supabase.rpc("update_auto_proceed_progress", { p_session_id: "no-such" });
told.active = await supabase
  .from("v_active_auto_proceed_sessions")
  .select("session_id, current_phase, progress_percentage", { count: "exact" })
  .eq("is_active", true)
  .in("active_sd_key", ["SD-003", "SD-004"])
  .order("created_at", { ascending: false })
  .limit(10);
process.stdout.write(JSON.stringify(told), () => process.kill(process.pid, "SIGKILL"));
