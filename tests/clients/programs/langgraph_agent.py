"""A LangGraph agent on langchain-openai, streamed. Asks what it is given, or for the weather in Paris."""
import sys

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI


def get_weather(city: str) -> str:
    """Weather for a city."""
    return "Error: there is no such city" if city == "Nowhere" else "21C"


agent = create_agent(ChatOpenAI(model="gpt-5.1"), [get_weather])
last = None
for state in agent.stream({"messages": [("user", sys.argv[1] if len(sys.argv) > 1 else "Weather in Paris?")]}, {"recursion_limit": 500}, stream_mode="values"):
    last = state
print(last["messages"][-1].content)
