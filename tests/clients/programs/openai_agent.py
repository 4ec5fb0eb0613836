"""The OpenAI Agents SDK, streamed, as its own guide writes it."""
import asyncio
from agents import Agent, Runner, function_tool


@function_tool
def get_weather(city: str) -> str:
    """Weather for a city."""
    return "21C"


async def main():
    agent = Agent(name="weather", instructions="You help.", tools=[get_weather], model="gpt-5.1")
    result = Runner.run_streamed(agent, "Weather in Paris?", max_turns=100)
    async for _ in result.stream_events():
        pass
    print(result.final_output)


asyncio.run(main())
