import { dictionary } from "@zxcvbn-ts/language-common";

/** Longer ones are refused, and nothing else is asked about them. */
export const MAX_PASSWORD = 256;

/** The commonest passwords that are long enough to be chosen here: far more than the 3,000 that are tried first. */
const LISTED = new Set(dictionary["passwords-common"].filter((password) => password.length >= 8));

/** Stems of the commonest passwords; with digits, signs or a repetition around them they are refused too. */
const STEMS = new Set(
  (
    "password passwort passw0rd motdepasse contrasena contraseña senha parola heslo haslo wachtwoord letmein " +
    "welcome login admin administrator root user guest test testing tester default changeme secret master " +
    "qwerty qwertz azerty asdf asdfgh asdfghjk asdfghjkl zxcv zxcvbn zxcvbnm qazwsx qazwsxedc qweasd qweasdzxc " +
    "qwer qwert qwertyui qwertyuiop poiuytrewq lkjhgfdsa mnbvcxz " +
    "iloveyou loveyou lovely loveme ilove love sunshine princess dragon monkey football baseball basketball " +
    "superman batman spiderman pokemon starwars trustno shadow michael jennifer jordan michelle charlie " +
    "jessica ashley thomas daniel andrew joshua matthew robert nicole anthony patrick william alexander " +
    "samantha amanda elizabeth christian benjamin samsung google facebook computer internet whatever " +
    "freedom killer hunter harley ranger buster soccer hockey liverpool chelsea arsenal barcelona juventus " +
    "mustang corvette ferrari porsche mercedes yamaha maverick phoenix cowboy cowboys eagles yankees lakers " +
    "steelers packers summer winter spring autumn january february march april june july august september " +
    "october november december monday friday sunday cheese cookie butterfly flower flowers rainbow tigger " +
    "pepper ginger banana orange purple yellow silver golden diamond crystal angel angels heaven jesus " +
    "jesuschrist blessed family forever friends babygirl babyboy sweetheart hello hellohello helloworld " +
    "access matrix merlin thunder midnight blink blahblah bonjour marseille doudou loulou nothing money " +
    "success bigdaddy rockyou metallica nirvana slipknot eminem ncc computer1 trustme fuckyou asshole biteme " +
    "longrun"
  ).split(" "),
);

const RUNS = ["abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm"];
const LEET: Record<string, string> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
};
const LETTER = /[a-z]/i;

/** The text without the signs and digits at its ends. A pattern for it would take the square of their number. */
function stem(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && !LETTER.test(text[from] ?? "")) from++;
  while (to > from && !LETTER.test(text[to - 1] ?? "")) to--;
  return text.slice(from, to);
}
const unLeet = (text: string) => text.replace(/[013457@$]/g, (sign) => LEET[sign] ?? sign);

/** A short piece said again and again: aaaaaaaa, 12121212, abcabcabc. */
function repeats(text: string): boolean {
  for (let size = 1; size <= Math.min(4, text.length / 2); size++) {
    if (
      text
        .slice(0, size)
        .repeat(Math.ceil(text.length / size))
        .startsWith(text)
    )
      return true;
  }
  return false;
}

function isRun(text: string): boolean {
  const backwards = Array.from(text).toReversed().join("");
  return RUNS.some((run) => run.includes(text) || run.includes(backwards));
}

/** Made of one or two halves that are each common: qwer1234, abc12345, 1q2w3e4r5t. */
function isPattern(text: string): boolean {
  const letters = text.replace(/[^\p{L}]/gu, "");
  const digits = text.replace(/\D/g, "");
  if (letters.length + digits.length !== text.length) return false;
  const common = (part: string) => part === "" || isRun(part) || repeats(part) || STEMS.has(part);
  return common(letters) && common(digits);
}

/** Whether a password is among those that are tried first. Case, digits at the ends and leet do not help. */
export function isCommonPassword(password: string): boolean {
  if (password.length > MAX_PASSWORD) return false;
  const folded = password.normalize("NFKC").toLowerCase();
  if (LISTED.has(folded) || repeats(folded) || isRun(folded) || isPattern(folded)) return true;
  const forms = [folded, unLeet(folded), stem(folded), unLeet(stem(folded)), stem(unLeet(folded))];
  return forms.some((form) => STEMS.has(form) || STEMS.has(half(form)));
}

/** The first half of a word that is said twice; otherwise the word. */
function half(text: string): string {
  const first = text.slice(0, text.length / 2);
  return first + first === text ? first : text;
}
