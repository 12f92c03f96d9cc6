#include "datasets/procedural/words.h"

namespace cupel {
namespace {

constexpr std::string_view kWords[] = {
    "anchor",  "answer",  "apple",   "april",   "arrow",   "autumn",   "bakery",  "balance", "bamboo", "banner",  "barrel",  "basket",
    "beacon",  "blanket", "bottle",  "branch",  "breeze",  "bridge",   "bright",  "bronze",  "bucket", "butter",  "button",  "cabin",
    "camera",  "candle",  "canyon",  "carbon",  "carpet",  "castle",   "cattle",  "cellar",  "center", "cherry",  "circle",  "citrus",
    "clever",  "clover",  "coffee",  "colony",  "comet",   "copper",   "corner",  "cotton",  "cousin", "cradle",  "crystal", "curtain",
    "dancer",  "danger",  "desert",  "dinner",  "dragon",  "drawer",   "eagle",   "early",   "earth",  "eleven",  "empire",  "engine",
    "evening", "fabric",  "falcon",  "family",  "farmer",  "feather",  "fiddle",  "finger",  "flower", "forest",  "fossil",  "garden",
    "garlic",  "gentle",  "ginger",  "glacier", "golden",  "granite",  "grass",   "guitar",  "hammer", "harbor",  "harvest", "hazel",
    "helmet",  "hollow",  "honey",   "horizon", "hunter",  "island",   "ivory",   "jacket",  "jewel",  "jungle",  "kettle",  "kitchen",
    "kitten",  "ladder",  "lantern", "laundry", "lemon",   "letter",   "library", "lizard",  "magnet", "maple",   "marble",  "market",
    "meadow",  "melody",  "mirror",  "monkey",  "morning", "mountain", "muffin",  "narrow",  "needle", "nickel",  "north",   "number",
    "oasis",   "ocean",   "office",  "olive",   "orange",  "orbit",    "otter",   "oxygen",  "paddle", "palace",  "paper",   "parade",
    "parrot",  "pebble",  "pencil",  "pepper",  "piano",   "picnic",   "pillow",  "pirate",  "planet", "pocket",  "potato",  "prairie",
    "puzzle",  "quartz",  "quiet",   "rabbit",  "raven",   "ribbon",   "river",   "rocket",  "saddle", "salmon",  "sandal",  "school",
    "shadow",  "shelter", "silver",  "singer",  "sister",  "sketch",   "smooth",  "spider",  "spring", "square",  "stable",  "statue",
    "stone",   "storm",   "stream",  "summer",  "sunset",  "tailor",   "temple",  "thunder", "ticket", "timber",  "tomato",  "travel",
    "tulip",   "tunnel",  "turtle",  "valley",  "velvet",  "village",  "violin",  "voyage",  "walnut", "weather", "whistle", "willow",
    "window",  "winter",  "wizard",  "yellow",  "zebra",   "zipper",
};

constexpr std::string_view kNames[] = {
    "Ada",   "Amir",  "Anna",  "Aron",  "Bela",  "Boris", "Carla", "Chen",   "Clara", "Dario", "Dora",  "Edgar", "Elena",
    "Emil",  "Fatma", "Felix", "Flora", "Greta", "Hugo",  "Ines",  "Ivan",   "Jana",  "Jonas", "Karim", "Kira",  "Lena",
    "Leo",   "Luca",  "Maja",  "Marta", "Milan", "Nadia", "Nils",  "Nora",   "Olga",  "Oskar", "Paula", "Pavel", "Rosa",
    "Ruben", "Sami",  "Selma", "Tara",  "Theo",  "Uma",   "Vera",  "Viktor", "Wanda", "Yara",  "Zoe",
};

}  // namespace

std::span<const std::string_view> CommonWords() { return kWords; }
std::span<const std::string_view> FirstNames() { return kNames; }

}  // namespace cupel
