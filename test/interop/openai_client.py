"""What the official OpenAI SDK for Python gets from the service at argv[1]: one JSON document, result by scenario."""

import io
import sys

import openai
from pydantic import BaseModel
from scenarios import failure_of, many, run

BASE_URL = sys.argv[1] + "/v1"
QUESTION = [{"role": "user", "content": "Say hello."}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


BASE_CLIENT = openai.OpenAI(api_key="sk-interop", base_url=BASE_URL)


def client(script="ok", retries=0, **options):
    return BASE_CLIENT.with_options(
        max_retries=retries, default_headers={"x-script": script}, **options
    )


def ask(script="ok", retries=0, **options):
    return client(script, retries).chat.completions.create(
        model="gpt-4o", messages=QUESTION, **options
    )


def chat():
    answer = ask()
    return {
        "text": answer.choices[0].message.content,
        "usage": answer.usage.total_tokens,
        "request_id": answer._request_id,
    }


def streamed(script="ok"):
    return [
        chunk.choices[0].delta.content
        for chunk in ask(script, stream=True)
        if chunk.choices and chunk.choices[0].delta.content
    ]


def usage():
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    return [
        [len(chunk.choices), chunk.usage.total_tokens] for chunk in chunks if chunk.usage
    ] + [chunks[-1].usage is not None]


def tools():
    calls = {}
    for chunk in ask(stream=True, tools=[TOOL]):
        for call in chunk.choices[0].delta.tool_calls or []:
            calls.setdefault(call.index, []).append(call.function.arguments)
    return [calls[index] for index in sorted(calls)]


class Answer(BaseModel):
    answer: str
    confidence: float


def structured():
    parsed = client().chat.completions.parse(
        model="gpt-4o", messages=QUESTION, response_format=Answer
    )
    return parsed.choices[0].message.parsed.model_dump()


def embeddings():
    data = client().embeddings.create(model="text-embedding-3-small", input=["a", "b"]).data
    return [[round(number, 6) for number in item.embedding] for item in data]


def responses():
    answer = client().responses.create(model="gpt-4o", input="Say hello.")
    with client().responses.stream(model="gpt-4o", input="Say hello.") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response().output_text
    return {"text": answer.output_text, "deltas": deltas, "final": final}


def models():
    return [model.id for model in client().models.list()]


def errors():
    found = {}
    for status in [400, 401, 403, 404, 409, 422, 429, 500]:
        try:
            ask(f"status-{status}")
        except openai.APIStatusError as error:
            found[status] = [type(error).__name__, error.body is not None, error.request_id]
    return found


def retried():
    return BASE_CLIENT.chat.completions.create(model="retried", messages=QUESTION).choices[0].message.content


def failed_stream(script):
    return failure_of(lambda: streamed(script), lambda error: isinstance(error, openai.APIError))


def aborted():
    stream = ask("stall-midway", stream=True, user="aborted")
    next(iter(stream))
    stream.close()
    return True


def timed_out():
    try:
        client("stall", timeout=0.3).chat.completions.create(
            model="gpt-4o", messages=QUESTION, user="timed-out"
        )
    except openai.APITimeoutError as error:
        return type(error).__name__


def uploaded():
    speech = io.BytesIO(bytes(range(256)) * 300)
    speech.name = "speech.wav"
    return client().audio.transcriptions.create(file=speech, model="whisper-1").text


def downloaded():
    content = client().audio.speech.create(model="tts-1", voice="alloy", input="Hello").content
    return [len(content), content[:300].hex()]


async def one_of_many(client, index):
    stream = await client.chat.completions.create(
        model=f"model-{index}", messages=QUESTION, stream=True
    )
    chunks = [chunk async for chunk in stream]
    return {
        "id": chunks[0].id,
        "right": {chunk.model for chunk in chunks} == {f"model-{index}"},
        "text": "".join(chunk.choices[0].delta.content or "" for chunk in chunks),
    }


def many_clients():
    return openai.AsyncOpenAI(api_key="sk-interop", base_url=BASE_URL, default_headers={"x-script": "slow"})


SCENARIOS = {
    "chat": chat,
    "streamed": streamed,
    "usage": usage,
    "tools": tools,
    "structured": structured,
    "embeddings": embeddings,
    "responses": responses,
    "models": models,
    "errors": errors,
    "retried": retried,
    "error mid-stream": lambda: failed_stream("error-mid-stream"),
    "cut mid-event": lambda: failed_stream("cut-mid-event"),
    "split": lambda: streamed("split"),
    "crlf": lambda: streamed("crlf"),
    "comments": lambda: streamed("comments"),
    "gzip": lambda: streamed("gzip"),
    "aborted": aborted,
    "timed out": timed_out,
    "uploaded": uploaded,
    "downloaded": downloaded,
    "parallel": lambda: many(many_clients, one_of_many),
}

run(SCENARIOS)
