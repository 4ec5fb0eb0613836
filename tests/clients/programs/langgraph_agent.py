"""A LangGraph agent on langchain-openai, streamed."""
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI


def get_weather(city: str) -> str:
    """Weather for a city."""
    return "21C"


agent = create_agent(ChatOpenAI(model="gpt-5.1"), [get_weather])
last = None
for state in agent.stream({"messages": [("user", "Weather in Paris?")]}, {"recursion_limit": 200}, stream_mode="values"):
    last = state
print(last["messages"][-1].content)
