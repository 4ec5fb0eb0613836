// Policies that watch what sessions call.
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
