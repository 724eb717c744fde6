-- What an execution cost: venture, execution.
select input_tokens, output_tokens, cost_usd, model_calls, tool_calls, duration_ms, metadata, updated_at
from holdfast.execution_metrics where venture_id = $1 and execution_id = $2
