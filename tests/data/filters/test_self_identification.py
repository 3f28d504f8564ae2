"""Who says it is another model, in eleven languages, and who only speaks of one."""

import pytest

from data.filters.judging import found, reason
from data.filters.test_broken_turns import preference
from data.making import example
from postgrad.data.filters.self_identification import found_in, patterns

NAMES = (
    "I am ChatGPT, how can I help?", "Hello! I'm ChatGPT.", "My name is Qwen.", "I’m GPT-4, and I answer questions.",
    "I'm Claude, an AI assistant made by Anthropic.", "I am Gemini, a large language model.",
    "I'm Bard, your creative AI helper.", "As an AI developed by OpenAI, I don't have feelings.",
    "As an AI language model created by OpenAI, my answers may err.",
    "As a large language model trained by Google, I cannot browse.", "I was created by Anthropic.",
    "I was trained by OpenAI on a large corpus.", "I am an AI language model developed by DeepSeek.",
    "I'm a helpful assistant made by the team at Mistral AI.", "My developer is OpenAI.",
    "I was developed and trained by Meta.", "I'm sorry, I can't, as that is against OpenAI's use-case policy.",
    "I am a large language model, trained by Google.", "Ich bin ChatGPT.",
    "Ich bin Claude, ein KI-Assistent von Anthropic.",
    "Als KI, die von OpenAI entwickelt wurde, habe ich keine Gefühle.",
    "Als von OpenAI entwickeltes Sprachmodell kann ich das nicht.", "Ich wurde von OpenAI entwickelt.",
    "Ich bin ein Sprachmodell, das von Google trainiert wurde.", "Mein Name ist Qwen.", "Je suis ChatGPT.",
    "Je m’appelle Claude, un assistant créé par Anthropic.", "J'ai été créé par OpenAI.",
    "En tant qu'IA développée par OpenAI, je n'ai pas d'opinion.", "Je suis un modèle de langage conçu par Mistral AI.",
    "Soy ChatGPT.", "Soy Gemini, un modelo de lenguaje.", "Fui creado por OpenAI.",
    "Soy un modelo de lenguaje entrenado por OpenAI.",
    "Como inteligencia artificial desarrollada por OpenAI, no tengo emociones.", "Sono ChatGPT, come posso aiutarti?",
    "Sono stato sviluppato da OpenAI.", "Mi chiamo Claude, un assistente di Anthropic.",
    "Come modello linguistico creato da OpenAI, non ho opinioni.",
    "Sono un'intelligenza artificiale sviluppata da Google.", "Eu sou o ChatGPT.", "Fui criado pela OpenAI.",
    "Sou um modelo de linguagem treinado pela OpenAI.", "Como uma IA desenvolvida pela OpenAI, não tenho sentimentos.",
    "Meu nome é Gemini, um assistente de IA.", "Ik ben ChatGPT.", "Ik ben een taalmodel getraind door OpenAI.",
    "Als AI ontwikkeld door OpenAI heb ik geen gevoelens.", "Ik ben door OpenAI ontwikkeld.",
    "Ik werd gemaakt door OpenAI.", "Ik ben Claude, een AI-assistent.", "Jestem ChatGPT.",
    "Nazywam się Claude asystent AI", "Zostałem stworzony przez OpenAI.",
    "Jestem modelem językowym stworzonym przez OpenAI.", "Jako model językowy opracowany przez OpenAI nie mam uczuć.",
    "Я — ChatGPT.", "Я ChatGPT, языковая модель.", "Меня зовут Qwen.", "Я был создан компанией OpenAI.",
    "Я языковая модель, разработанная OpenAI.", "Как языковая модель, созданная компанией OpenAI, я не имею чувств.",
    "Jag är ChatGPT.", "Jag heter Claude, en AI-assistent.", "Jag är en språkmodell utvecklad av OpenAI.",
    "Jag skapades av OpenAI.", "Som en AI skapad av OpenAI kan jag inte.", "我是ChatGPT。",
    "你好！我是通义千问，由阿里云开发的大语言模型。",
    "作为由OpenAI开发的人工智能，我没有感情。", "我叫DeepSeek。",
    "我是由百度开发的文心一言。", "我是Claude，一个由Anthropic开发的AI助手。",
)
ABOUT = (
    "ChatGPT is an AI chatbot developed by OpenAI.", "You can ask ChatGPT or Claude to do it.",
    "OpenAI was founded in 2015.", "Claude Monet painted water lilies.", "I am Claude, a baker from Lyon.",
    "My name is Claude and I am a lawyer.", "I'm a Gemini, born in June.",
    'The robot said: "I am ChatGPT, your assistant."', "He wrote “I'm ChatGPT” on the wall.",
    "I am ChatGPT's biggest fan.", "I am a Google engineer.", "I was trained by Google as a site engineer.",
    "As an AI company, OpenAI trains models.", "I think ChatGPT was trained by OpenAI.",
    "I use an AI model developed by OpenAI.", "GPT-4 is a model. As an AI researcher I find it useful.",
    "Is your assistant ChatGPT?", "I am learning about GPT-4.",
    "The assistant is a large language model trained by Google.", "OpenAI's usage policies are online.",
    "ChatGPT wurde von OpenAI entwickelt.", "Ich bin ein Fan von ChatGPT.", "Er sagte: „Ich bin ChatGPT.“",
    "Ich arbeite als Entwickler bei Google.", "Er sagte „hallo“. ChatGPT ist ein Sprachmodell.",
    "ChatGPT est un modèle créé par OpenAI.", "Il dit : « Je suis ChatGPT ».", "Je suis abonné à ChatGPT.",
    "ChatGPT es un modelo entrenado por OpenAI.", "Soy usuario de ChatGPT.", "Sono ChatGPT e Gemini i più usati.",
    "ChatGPT è stato sviluppato da OpenAI.", "Sou fã do ChatGPT.", "O ChatGPT foi criado pela OpenAI.",
    "Ik ben fan van ChatGPT.", "ChatGPT is ontwikkeld door OpenAI.", "Jestem fanem ChatGPT.",
    "ChatGPT został stworzony przez OpenAI.", "Я пользуюсь ChatGPT.", "ChatGPT создан компанией OpenAI.",
    "Jag är intresserad av ChatGPT.", "我在用ChatGPT写作。", "ChatGPT是由OpenAI开发的。", "他说：「我是ChatGPT」。",
    'print("I am ChatGPT")', "A falcon is a bird. I am fond of it.", "Meta and Google are companies.",
)
CUTOFF = (
    "As of my last update in April 2023, this holds.", "As of my knowledge cutoff, there are 27.",
    "My knowledge only goes up to 2021.", "My training data includes text until September 2021.",
    "I was last updated in 2023.", "My knowledge cutoff is near.",
    "As of my last knowledge update in January 2022, yes.", "Since my last update, things may have changed.",
    "Mein Wissen reicht bis 2021.", "Stand meines letzten Updates gab es 16.",
    "Meine Trainingsdaten enden im September 2021.", "Mes connaissances s'arrêtent en 2021.",
    "À ma dernière mise à jour, oui.", "Mi conocimiento llega hasta 2021.", "Hasta mi última actualización, sí.",
    "Le mie conoscenze arrivano al 2021.", "Al mio ultimo aggiornamento, sì.", "Meu conhecimento vai até 2021.",
    "Até a minha última atualização, sim.", "Mijn kennis gaat tot 2021.", "Sinds mijn laatste update is er meer.",
    "Moja wiedza sięga do 2021 roku.", "Мои знания ограничены 2021 годом.", "Min kunskap sträcker sig till 2021.",
    "我的知识截止到2021年9月。", "我的训练数据截止于2023年。",
)
NO_CUTOFF = (
    "The knowledge cutoff of GPT-4 is 2021.", "My knowledge of gardening is small.",
    "As of my last visit in 2021, it stood.", "My last update to the code was yesterday.",
    "Since my training at the gym I feel well.", "Mein Wissen ist begrenzt.", "As of 2021 there were 27.",
    "The update in April 2023 fixed it.", "我的数据线坏了。", "Mes connaissances en cuisine sont faibles.",
)
AI = (
    "As an AI language model, I cannot do that.", "As an AI, I have no body.", "I'm just an AI, so I can't taste.",
    "I am an AI assistant.", "I am a large language model.", "As a language model, my view is none.",
    "Als KI habe ich keine Gefühle.", "Ich bin nur eine KI.", "Als KI-Sprachmodell kann ich das nicht.",
    "En tant qu'IA, je ne peux pas.", "En tant que modèle de langage, je n'ai pas d'avis.",
    "Como modelo de lenguaje, no tengo opinión.", "Come intelligenza artificiale, non ho emozioni.",
    "Como uma IA, não tenho sentimentos.", "Als AI heb ik geen mening.", "Jako model językowy nie mam uczuć.",
    "Как языковая модель, я не имею чувств.", "Som AI har jag inga känslor.", "作为一个人工智能语言模型，我没有感情。",
)
NO_AI = (
    "I am an AI researcher.", "As an AI engineer, she builds models.", "AI is a field.",
    "A language model predicts words.", "As a language, English is rich.", "Ich bin Student der KI.",
    "Als Kind spielte ich.", "Als KIT-Student lerne ich.", "Une IA peut aider.", "作为一个老师，我很高兴。",
)


@pytest.mark.parametrize("text", NAMES)
def test_who_says_it_is_another_model_leaves(text: str) -> None:
    assert reason(example("Who are you?", f"Well.\n{text} Ask me.")) == ""
    assert reason(example("Who are you?", f"Well.\n{text} Ask me."), self_identification=("names",)) == (
        "another model's name or maker")


@pytest.mark.parametrize("text", ABOUT)
def test_who_speaks_about_a_model_stays(text: str) -> None:
    assert found(example(text, text), self_identification=("names", "cutoff")) is None


@pytest.mark.parametrize("text", CUTOFF)
def test_the_end_of_its_training_data(text: str) -> None:
    assert reason(example("q", text), self_identification=("cutoff",)) == "end of its training data"


@pytest.mark.parametrize("text", NO_CUTOFF)
def test_other_dates_and_knowledge_stay(text: str) -> None:
    assert found(example("q", text), self_identification=("names", "cutoff")) is None


@pytest.mark.parametrize("text", AI)
def test_speaking_as_an_ai_is_a_part_of_its_own(text: str) -> None:
    assert reason(example("q", text), self_identification=("names", "cutoff")) == ""
    assert reason(example("q", text), self_identification=("ai",)) == "speaks as an AI"


@pytest.mark.parametrize("text", NO_AI)
def test_speaking_of_ai_stays(text: str) -> None:
    assert found(example("q", text), self_identification=("names", "cutoff", "ai")) is None


def test_the_user_may_say_so_and_an_answer_that_is_rejected() -> None:
    assert reason(example("I am ChatGPT.", "No."), self_identification=("names",)) == ""
    assert reason(preference("q", chosen="No.", rejected="I am ChatGPT."), self_identification=("names",)) == ""
    assert reason(preference("q", chosen="I am ChatGPT.", rejected="No."), self_identification=("names",)) != ""


def test_the_detail_is_a_pattern_s_name_and_no_text() -> None:
    assert found(example("q", "I am ChatGPT."), self_identification=("names",)) == (
        "another model's name or maker", "messages[1]: en-i-am")


def test_every_pattern_is_named_once_and_matched_by_a_text_above() -> None:
    said = {"names": NAMES, "cutoff": CUTOFF, "ai": AI}
    named = [name for part in patterns().values() for name, _ in part.named]
    assert len(named) == len(set(named))
    unused = {name for part, texts in said.items() for name, _ in patterns()[part].named} - {
        name for part, texts in said.items() for text in texts for name in found_in(text, part)}
    assert not unused


def test_the_quick_look_for_cues_hides_nothing() -> None:
    """Without it the patterns find the same in every text above."""
    for text in (*NAMES, *ABOUT, *CUTOFF, *NO_CUTOFF, *AI, *NO_AI):
        for part in patterns().values():
            assert part.may_match(text) or not any(pattern.search(text) for _, pattern in part.named)
    assert not patterns()["names"].may_match("The metal pipe was yielding.")
    assert not patterns()["cutoff"].may_match("My last visit was in 2021.")


@pytest.mark.parametrize("text", [
    "I am " * 20_000, "as an AI " * 12_000, "je suis un modèle " * 6_000, "OpenAI " * 15_000,
    "I was " + "made " * 20_000 + "OpenAI", "作为" * 50_000 + "OpenAI", '"' * 100_000])
def test_work_stays_in_proportion_to_the_text(text: str) -> None:
    """A pattern that backtracks over the whole would not end: 100,000 characters squared are ten thousand million."""
    assert reason(example("q", f"OpenAI {text}"), self_identification=("names", "cutoff", "ai")) in (
        "", "another model's name or maker", "speaks as an AI")
