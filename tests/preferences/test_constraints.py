"""Demands read from prompts in many wordings, each with an answer that meets it and one that does not."""

import pytest

from postgrad.preferences.constraints import demands, subject

CASES = [
    ("Describe the sea in capital letters.", "THE SEA IS BLUE.", "The sea is blue."),
    ("Your entire response should be in upper case.", "THE SEA.", "The SEA."),
    ("Answer in all lowercase letters. No capital letters are allowed.", "the sea is blue.", "The sea is blue."),
    ("Use no capitals when you speak of rain.", "rain falls.", "Rain falls."),
    ("Capitalize every word of a line on rain.", "Rain Falls Here.", "Rain falls here."),
    ("Tell me of rain in exactly 5 words.", "Rain falls on my roof.", "Rain falls on the old roof."),
    ("Write a note with at least six words.", "This note has more than six.", "This note is short."),
    ("Say it in no more than 4 words.", "Rain falls here.", "Rain falls here all day long."),
    ("Write fewer than five words on rain.", "Rain falls here.", "Rain falls here all day."),
    ("Write a 5+ word line on rain.", "Rain falls here all day long.", "Rain falls here."),
    ("Use seven words or more for rain.", "Rain falls here all day and night.", "Rain falls here."),
    ("Answer in two sentences.", "It rains. I stay in.", "It rains."),
    ("Write three paragraphs on rain.", "It rains.\n\nI wait.\n\nIt stops.", "It rains. I wait. It stops."),
    ("Start your answer with the word Today.", "Today it rains.", "It rains today."),
    ("Begin with \"Well then\" and go on.", "Well then, it rains.", "Then it rains."),
    ("End with tonight.", "It will rain tonight.", "Tonight it will rain."),
    ("Finish your answer with the phrase \"so be it\".", "It rains, so be it.", "So be it, it rains."),
    ("Speak of rain, first word Now, last word again.", "Now it rains again.", "Now it rains."),
    ("No capitals, again last: tell of rain.", "rain falls again.", "rain falls."),
    ("All in capitals, start with Now: rain.", "NOW RAIN FALLS.", "RAIN FALLS NOW."),
    ("Write a line that includes the word umbrella.", "Take an umbrella.", "Take a coat."),
    ("Write of rain without the word wet.", "Rain falls.", "Rain is wet."),
    ("Do not use any commas in your response.", "Rain and wind.", "Rain, wind."),
    ("Put your line inside double quotation marks.", '"Rain falls."', "Rain falls."),
    ("Write a line in round brackets.", "(rain falls)", "rain falls"),
    ("List four rivers, separated by commas.", "Nile, Rhine, Po, Don", "Nile, Rhine, Po"),
    ("Name three colours.", "red, blue and green", "red and blue"),
    ("Name three colours.", "red, blue, green", "red, red, blue"),
    ("Give me two rivers as a numbered list.", "1. Nile\n2. Rhine", "- Nile\n- Rhine"),
    ("List two rivers as bullet points.", "- Nile\n- Rhine", "Nile, Rhine"),
    ("Name two rivers, each on a new line.", "Nile\nRhine", "Nile, Rhine"),
    ("Repeat the word rain four times.", "rain rain rain rain", "rain rain rain"),
    ("How many eggs are left?", "There are 4 left.", "Some are left."),
    ("What is 4 * 7 + 2?", "4 * 7 = 28, 28 + 2 = 30.", "I would say a lot."),
    ("Answer in JSON.", '{"rain": true}', "rain: true"),
    ("Give it a title wrapped in double angular brackets, i.e. <<title>>.", "<<Rain>>\nIt falls.", "Rain\nIt falls."),
]


@pytest.mark.parametrize(("prompt", "good", "bad"), CASES)
def test_a_demand_is_read_and_checked(prompt: str, good: str, bad: str) -> None:
    found = demands(prompt)
    assert found, "nothing was read from the prompt"
    assert [demand.name for demand in found if not demand.check(good)] == []
    assert not all(demand.check(bad) for demand in found)


@pytest.mark.parametrize("prompt", [
    "Where does Petra live?", "Explain why leaves are green.", "How do I mend a fence?",
    "My friend told me a story about a bird. Who told it?"])
def test_a_prompt_that_demands_no_form_has_no_demands(prompt: str) -> None:
    assert demands(prompt) == []


@pytest.mark.parametrize(("prompt", "about"), [
    ("Shout of the apple, Here comes first.", {"apple"}),
    ("All in capitals, start with Now: the salad.", {"salad"}),
    ("The river in small letters, tonight at the end.", {"river"}),
    ("Write five words about the foxes.", {"fox"}),
    ("Explain why leaves are green.", {"explain", "leave", "green"})])
def test_what_a_prompt_is_about_is_told_from_the_form_that_it_demands(prompt: str, about: set[str]) -> None:
    assert subject(prompt) == about


def test_several_demands_are_each_read() -> None:
    names = [demand.name for demand in demands("In capital letters, write exactly 4 words that end with NOW.")]
    assert names == ["capitals only", "exactly 4 words", "ends with NOW"]
