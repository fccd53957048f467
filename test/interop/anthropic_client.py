"""What the official Anthropic SDK for Python gets from the service at argv[1]: one JSON document, result by scenario."""

import sys

import anthropic
from scenarios import failure_of, many, run

BASE_URL = sys.argv[1]
QUESTION = {
    "model": "claude-sonnet-5",
    "max_tokens": 2000,
    "messages": [{"role": "user", "content": "Say hello."}],
}
TOOL = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


BASE_CLIENT = anthropic.Anthropic(api_key="sk-ant-interop", base_url=BASE_URL)


def client(script="ok", retries=0):
    return BASE_CLIENT.with_options(max_retries=retries, default_headers={"x-script": script})


def plain():
    answer = client().messages.create(**QUESTION)
    return {
        "text": answer.content[0].text,
        "tokens": [answer.usage.input_tokens, answer.usage.output_tokens],
        "request_id": answer._request_id,
    }


def streamed(script="ok"):
    with client(script).messages.stream(**QUESTION) as stream:
        return list(stream.text_stream)


def thinking():
    with client().messages.stream(
        **QUESTION, tools=[TOOL], thinking={"type": "enabled", "budget_tokens": 1024}
    ) as stream:
        message = stream.get_final_message()
    return {
        "types": [block.type for block in message.content],
        "input": message.content[2].input,
        "stop": message.stop_reason,
        "tokens": [message.usage.input_tokens, message.usage.output_tokens],
    }


def counted():
    return client().messages.count_tokens(
        model=QUESTION["model"], messages=QUESTION["messages"]
    ).input_tokens


def models():
    return [model.id for model in client().models.list()]


def errors():
    found = {}
    for status in [400, 401, 403, 404, 429, 500, 529]:
        try:
            client(f"status-{status}").messages.create(**QUESTION)
        except anthropic.APIStatusError as error:
            found[status] = [type(error).__name__, error.body["error"]["type"], error.request_id]
    return found


def retried():
    return BASE_CLIENT.messages.create(**{**QUESTION, "model": "retried"}).content[0].text


def failed_stream(script):
    return failure_of(lambda: streamed(script), lambda error: isinstance(error, anthropic.APIError))


def aborted():
    stream = client("stall-midway").messages.create(
        **QUESTION, stream=True, metadata={"user_id": "aborted"}
    )
    next(iter(stream))
    stream.close()
    return True


async def one_of_many(client, index):
    async with client.messages.stream(**{**QUESTION, "model": f"model-{index}"}) as stream:
        message = await stream.get_final_message()
    return {
        "id": message.id,
        "right": message.model == f"model-{index}",
        "text": message.content[0].text,
    }


def many_clients():
    return anthropic.AsyncAnthropic(api_key="sk-ant-interop", base_url=BASE_URL, default_headers={"x-script": "slow"})


SCENARIOS = {
    "plain": plain,
    "streamed": streamed,
    "thinking": thinking,
    "counted": counted,
    "models": models,
    "errors": errors,
    "retried": retried,
    "error mid-stream": lambda: failed_stream("error-mid-stream"),
    "cut mid-event": lambda: failed_stream("cut-mid-event"),
    "split": lambda: streamed("split"),
    "crlf": lambda: streamed("crlf"),
    "gzip": lambda: streamed("gzip"),
    "aborted": aborted,
    "parallel": lambda: many(many_clients, one_of_many),
}

run(SCENARIOS)
