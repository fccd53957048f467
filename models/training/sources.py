"""Which texts are learnt from, with what label and weight, and which group of sources each belongs to."""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from generators.techniques import wrap

LABELS = ("benign", "injection", "jailbreak", "exfiltration")
HERE = Path(__file__).parent

# Licences that forbid commercial use (CC BY-NC of S-Eval, Alpaca and WASP), or bind what is made from them (GPL-3.0).
NON_COMMERCIAL = (
    "IS2Lab/S-Eval",
    "busycalibrating/AdversariaLLM",  # Alpaca instructions
    "gururise/AlpacaDataCleaned",
    "tatsu-lab/alpaca_eval",
    "facebookresearch/wasp",
    "utkusen/promptmap",  # GPL-3.0
)
# A public evaluation set grew out of it.
EVALUATION = ("leolee99/InjecGuard_private",)

# Sources held out together: they share authors, templates or channel. Each group has attacks and benign texts.
GROUPS: dict[str, tuple[str, ...]] = {
    "neuralchemy": ("HackaT104/prompt-injection-detector",),
    "cyberseceval": ("meta-llama/PurpleLlama",),
    "chinese": ("njcx/bert_prompt_injection", "PlexPt/awesome-chatgpt-prompts-zh"),
    "student": ("riddhi2309/Minor-Project", "maverick98/prompt_injection_detector"),
    "in-the-wild": (
        "TrustAIRLab/JailbreakLLMs",
        "yunwei37/satml-llmail-injection",
        "yunwei37/prompt-hacker-collections",
        "sherdencooper/GPTFuzz",
        "Beelzabi/awesome-chatgpt-prompts",
        "f/prompts.chat",
        "f/awesome-chatgpt-prompts",
        "facebookresearch/LIGHT",
        "teknium1/GPTeacher",
    ),
    "transformed": (
        "yueliu1999/FlipAttack",
        "jplhughes/bon-jailbreaking",
        "Aatrox103/SAP",
        "bigcode-project/octopack",
        "lm-sys/FastChat",
        "Marker-Inc-Korea/K-OverRefusal",
        "InvokerStark/OverKill",
    ),
    "red-team": (
        "WithSecureLabs/spikee",
        "OSU-NLP-Group/RedTeamCUA",
        "NVIDIA/garak",
        "Giskard-AI/prompt-injections",
        "marklkelly/fastly-injection-detector",
        "tangqiaoyu/ToolAlpaca",
        "sierra-research/tau-bench",
        "sahil280114/codealpaca",
    ),
    "composed-indirect": (
        "composed:indirect",
        "composed:indirect-exfil",
        "composed:benign-notes",
        "composed:benign-plain",
        "composed:benign-instruction",
    ),
    "composed-direct": ("composed:direct-injection", "composed:direct-exfil", "composed:benign-triggers"),
    # Never learnt from: its licence forbids it, so it is always unseen.
    "s-eval": ("IS2Lab/S-Eval", "allenai/noncompliance", "busycalibrating/AdversariaLLM"),
}

# An in-the-wild "jailbreak" that shows none of these is a persona or a game without any attack.
_ATTACK_CUE = re.compile(
    r"no (?:restrict|limit|filter|rule|moral|ethic)|unrestrict|uncensor|unfilter|without (?:any )?(?:restrict|filter|limit|moral|ethic|censor|warning)"
    r"|\bdan\b|anything now|jailbr|ignor|polic(?:y|ies)|guideline|refus|illegal|unethical|immoral|nsfw|openai|disclaim|not allowed"
    r"|bypass|developer mode|\bevil\b|stay in character|break character|can ?not say|comply|complian|restriction|limitation|forbidden|prohibit|freed|swear|profan",
    re.IGNORECASE,
)
_IN_THE_WILD = ("TrustAIRLab/JailbreakLLMs", "yunwei37/satml-llmail-injection", "yunwei37/prompt-hacker-collections")
# Labels of these are noisy: they count half.
_NOISY = ("Aatrox103/SAP", "riddhi2309/Minor-Project", "HackaT104/prompt-injection-detector", "maverick98/prompt_injection_detector")
# Half of these "injections" are plain questions.
_CHINESE_OVERRIDE = re.compile("忽略|无视|不要回答|不需要回答|不用回答|不必回答|复述|重复|上述|以上|而是|忘记|泄露你|你的提示")
_WASP_PAYLOAD = re.compile(r"gitlab|reddit|deploy (?:key|token)|ssh key to|webhook to (?:the|this) (?:repo|project)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Record:
    text: str
    label: int
    source: str
    group: str
    context: str
    weight: float
    slice: str


def repository(source: str) -> str:
    """`owner/name` of `owner/name:path`; a composed source keeps its kind."""
    return source if source.startswith(("composed:", "written:", "generated:", "traffic:")) else source.split(":")[0]


def group_of(source: str) -> str:
    for name, members in GROUPS.items():
        if source in members:
            return name
    return "always"


def read_lines(path: Path) -> list[dict]:
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    with opened as lines:
        return [json.loads(line) for line in lines]


def _record(row: dict, weight: float) -> Record:
    source = repository(row["source"])
    label = "benign" if row["label"] == "harmful_request" else row["label"]
    return Record(
        text=row["text"],
        label=LABELS.index(label),
        source=source,
        group=group_of(source),
        context=row["context"],
        weight=weight,
        slice=row.get("slice", row["label"]),
    )


def is_clean(row: dict) -> bool:
    """Whether the label of `row` can be believed, by its source and text."""
    source = repository(row["source"])
    if source in _IN_THE_WILD and row["label"] == "jailbreak":
        return bool(_ATTACK_CUE.search(row["text"]))
    if source == "njcx/bert_prompt_injection" and row["label"] == "injection":
        return bool(_CHINESE_OVERRIDE.search(row["text"]))
    if source == "composed:indirect":
        return not _WASP_PAYLOAD.search(row["text"])
    return True


def public_records(folder: Path, part: str) -> list[Record]:
    """Records of `train` or `dev` (train: with harmful and benign-hard), but for those of evaluation sets.

    Those of NON_COMMERCIAL are among them, to be measured; they are never learnt from.
    """
    names = ("train", "harmful", "benign-hard") if part == "train" else (part,)
    records = []
    for name in names:
        for row in read_lines(folder / f"{name}.jsonl.gz"):
            source = repository(row["source"])
            if source in EVALUATION:
                continue
            if part == "train" and not is_clean(row):
                continue
            records.append(_record(row, 0.5 if source in _NOISY else 1.0))
    return records


def wrapped_records(records: list[Record], seed: int) -> list[Record]:
    """The harmful questions among `records`, each inside a jailbreak technique: same topic, other label."""
    rng = random.Random(seed)
    return [
        replace(r, text=wrap(rng, r.text), label=LABELS.index("jailbreak"), source="generated:wrapped", group="always", slice="technique")
        for r in records
        if r.slice == "harmful_request" and r.source not in NON_COMMERCIAL
    ]


def written_records(generated: int, seed: int) -> list[Record]:
    """The texts written for this model, and `generated` draws of each generator."""
    records = []
    for path in sorted((HERE / "written").glob("*.jsonl")):
        for row in read_lines(path):
            records.append(_record({**row, "source": f"written:{path.stem}"}, 2.0))
    for path in sorted((HERE / "generators").glob("[a-z]*.py")):
        module = import_module(f"generators.{path.stem}")
        for row in module.generate(random.Random(seed), generated):
            records.append(_record({**row, "source": f"generated:{path.stem}"}, 0.5))
        # The harmless questions that attacks are hidden in, alone.
        for row in module.carriers(random.Random(seed), generated // 3) if hasattr(module, "carriers") else ():
            records.append(_record({**row, "source": f"generated:{path.stem}"}, 0.5))
    return records


def traffic_records(folder: Path, count: int, seed: int, root: Path) -> list[Record]:
    """Segments of recorded traffic, as `segments.ts` gives them: short values and long texts in equal parts, harmless."""
    bodies = "".join(json.dumps({"text": row["body"]}) + "\n" for row in read_lines(folder / "train.jsonl.gz"))
    command = ["node", "--import", "tsx", "models/training/segments.ts"]
    output = subprocess.run(command, cwd=root, input=bodies.encode(), stdout=subprocess.PIPE, check=True).stdout
    rows = [json.loads(line) for line in output.decode().split("\n")[:-1]]
    rng = random.Random(seed)
    found = []
    for part in ([r for r in rows if len(r["text"]) < 60], [r for r in rows if len(r["text"]) >= 60]):
        for row in rng.sample(part, min(count // 2, len(part))):
            found.append(_record({**row, "label": "benign", "source": "traffic:segments", "slice": "traffic"}, 1.0))
    return found


def fragment_records(records: list[Record], count: int, seed: int) -> list[Record]:
    """The first few words of harmless texts: what is short is mostly harmless, and shows few features of any kind."""
    rng = random.Random(seed)
    chosen = rng.sample([r for r in records if r.label == 0 and r.slice != "harmful_request"], count)
    words = [(r, r.text.split()) for r in chosen]
    return [
        replace(r, text=" ".join(w[start : start + rng.randint(1, 7)]), weight=0.5, slice="fragment")
        for r, w in words
        for start in [rng.choice((0, rng.randrange(len(w))))]
    ]


def learnable_records(data: Path, generated: int, seed: int, root: Path) -> list[Record]:
    """All texts of a training run, and those of NON_COMMERCIAL, which are measured only. `data`: security/ and traffic/."""
    public = public_records(data / "security", "train")
    return [
        *public,
        *written_records(generated, seed),
        *traffic_records(data / "traffic", 16000, seed, root),
        *wrapped_records(public, seed),
        *fragment_records(public, 6000, seed),
    ]
