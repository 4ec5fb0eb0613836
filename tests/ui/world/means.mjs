// Policies that give sessions, agents and days their means, and watch what they call.
export const MEANS = `version     = 1
name        = "means"
description = "What a session, the research agents and a day may spend."

token_budget_per_session = 60_000

[budget.run]
per       = "run"
limit_usd = 0.20

[budget.research]
per          = "agent"
limit_tokens = 14_000

[budget.day]
per       = "day"
limit_usd = 0.50
`;

export const FLAKY = `version     = 1
name        = "flaky"
description = "Keeps calls off what fails or dawdles."

[breaker.provider]
per        = "provider"
window     = "5m"
min_calls  = 3
error_rate = 0.5
cooldown   = "5m"

[breaker.tool]
per        = "tool"
window     = "5m"
min_calls  = 3
error_rate = 0.7
cooldown   = "5m"
`;
