//! What behaviour looks like in each language. Sources: the languages' standard libraries, and the calls, files and addresses
//! of published malicious packages.
//!
//! A pattern is found by a word and, from that word on, by an expression over at most [`WINDOW`] bytes, anchored at the word: text
//! full of the words costs little more than text without.

use super::super::analysis::Kind::{
    self, Credentials, DecodedCode, DynamicCode, Environment, Injection, Metadata, Persistence, Secret, Spawn, Store,
    TlsOff,
};
use crate::shell::names::keys;
use crate::snapshot::language::Language::{
    self, CSharp, Dockerfile, Go, JavaScript, Jvm, Other, Php, PowerShell, Python, Ruby, Rust, Shell,
};

/// How many bytes from its word on a pattern looks at.
pub(super) const WINDOW: usize = 320;

/// How something is done in some languages.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) kind: Kind,
    /// In which languages; in any code when empty.
    pub(super) languages: &'static [Language],
    /// What it begins with. A letter, digit or underscore must not stand before it if it begins with one.
    pub(super) word: &'static str,
    /// What follows the word; empty when the word is enough.
    pub(super) expression: &'static str,
    /// What rules it out when found in the same window.
    pub(super) unless: &'static str,
}

const fn word(kind: Kind, languages: &'static [Language], word: &'static str) -> Pattern {
    Pattern { kind, languages, word, expression: "", unless: "" }
}

const fn like(kind: Kind, languages: &'static [Language], word: &'static str, expression: &'static str) -> Pattern {
    Pattern { kind, languages, word, expression, unless: "" }
}

const fn unless(
    kind: Kind,
    languages: &'static [Language],
    word: &'static str,
    expression: &'static str,
    unless: &'static str,
) -> Pattern {
    Pattern { kind, languages, word, expression, unless }
}

/// A name of an environment variable that holds a secret, in quotes or not.
const SECRET_NAME: &str = r#"["'\[(.\s]{0,4}[A-Za-z0-9_]{0,60}(?i:token|secret|api_?key|access_?key|private_?key|passw|passphrase|credential|cookie)[A-Za-z0-9_]{0,60}"#;

/// What reads and decodes, as the argument of what runs code.
const PY_DECODED: &str = r#"\(\s*(?:compile\(\s*)?\(?\s*(?:__import__\(\s*['"](?:base64|zlib|marshal|codecs|gzip|lzma|bz2|urllib|requests)|base64\.|b64decode\(|zlib\.|marshal\.loads|codecs\.decode|bytes\.fromhex|bytearray\.fromhex|gzip\.decompress|lzma\.decompress|bz2\.decompress|requests\.get|httpx\.get|urllib\.request|(?:[A-Za-z_]\w{0,40}\.){0,3}(?:urlopen|b64decode)\()"#;
const JS_DECODED: &str = r#"\(\s*(?:await\s+)?\(?\s*(?:atob\(|unescape\(|decodeURIComponent\(|String\.fromCharCode|new TextDecoder|Buffer\.from\([^)]{0,200}['"](?:base64|hex)|zlib\.|require\(\s*['"]zlib|function\(p,\s?a,\s?c,\s?k,\s?e|(?:await\s+)?fetch\()"#;

pub(super) const PATTERNS: &[Pattern] = &[
    // --- starts programs
    like(Spawn, &[JavaScript], "child_process", r#"['"`]"#),
    like(Spawn, &[JavaScript], "process.binding(", r#"['"`](?:spawn_sync|process_wrap)"#),
    like(Spawn, &[JavaScript], "execa", r#"(?:Sync|Command|\$)?\("#),
    like(Spawn, &[JavaScript], "Bun.", r"(?:spawn|spawnSync|\$)"),
    like(Spawn, &[JavaScript], "Deno.", r"(?:Command|run)\("),
    like(
        Spawn,
        &[Python],
        "subprocess",
        r"(?:\.(?:run|call|Popen|check_output|check_call|getoutput|getstatusoutput)\b| import | as \w)",
    ),
    like(
        Spawn,
        &[Python],
        "from os import",
        r"[^\n]{0,120}\b(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?|posix_spawn)\b",
    ),
    like(
        Spawn,
        &[Python],
        "__import__(",
        r#"\s*['"](?:os|subprocess|pty)['"]\s*\)\s*\.\s*(?:system|popen|exec|spawn|run|call|Popen|check_)"#,
    ),
    like(Spawn, &[Python], "os.", r"(?:(?:system|popen|posix_spawn)\b|(?:exec[lv]|spawn[lv])p?e?\b)"),
    word(Spawn, &[Python], "posix.system("),
    like(Spawn, &[Python], "= subprocess", r"\s*(?:[;,)]|\n|$)"),
    like(Spawn, &[Python], "subprocess_", r"(?:exec|shell)\("),
    like(Spawn, &[Python], "CDLL(", r"[^\n)]{0,60}\)\.(?:system|popen|exec)"),
    word(Spawn, &[Python], "pty.spawn("),
    word(Spawn, &[Python], "os.startfile("),
    // The name of a function as a text, or put together of some.
    like(
        Spawn,
        &[Python],
        "getattr(",
        r#"(?:os|posix|subprocess|pty|sys\.modules\[[^\]\n]{0,60}\]|__import__\([^)\n]{0,60}\)|importlib\.import_module\([^)\n]{0,60}\)),\s?(?:["'](?:system|popen|posix_spawn|exec[lv]p?e?|spawn[lv]p?e?|run|call|Popen|check_output|check_call|getoutput)["']|[^\n,)]{0,80}["'](?:\s?\+|\.join\(|\[::-1\]))"#,
    ),
    like(Spawn, &[Python], "os.__dict__[", ""),
    like(
        Spawn,
        &[Python],
        "import_module(",
        r#"['"](?:os|subprocess|pty)['"]\)\.(?:system|popen|exec|spawn|run|call|Popen|check_)"#,
    ),
    like(Spawn, &[Python], "asyncio.create_subprocess_", ""),
    like(Spawn, &[Go], "exec.Command", r"(?:Context)?\("),
    word(Spawn, &[Go], "syscall.Exec("),
    word(Spawn, &[Go], "syscall.ForkExec("),
    word(Spawn, &[Go], "os.StartProcess("),
    word(Spawn, &[Go], "exec.Cmd{"),
    like(Spawn, &[Rust], "Command::new(", ""),
    word(Spawn, &[Rust], "libc::system("),
    like(Spawn, &[Rust], "libc::exec", r"[lv]p?e?\("),
    word(Spawn, &[Jvm], "Runtime.getRuntime().exec"),
    word(Spawn, &[Jvm], "ProcessBuilder("),
    word(Spawn, &[CSharp], "Process.Start("),
    word(Spawn, &[CSharp], "ProcessStartInfo"),
    word(Spawn, &[CSharp], "StartInfo.FileName"),
    like(Spawn, &[Ruby], "Open3.", ""),
    word(Spawn, &[Ruby], "IO.popen"),
    word(Spawn, &[Ruby, Php], "system("),
    word(Spawn, &[Php], "shell_exec("),
    word(Spawn, &[Php], "proc_open("),
    word(Spawn, &[Php], "passthru("),
    word(Spawn, &[Php], "exec("),
    word(Spawn, &[Php], "popen("),
    word(Spawn, &[Php], "pcntl_exec("),
    like(Spawn, &[Ruby], "system", r#"\s["'\[]"#),
    like(Spawn, &[Ruby], "Process.spawn", ""),
    like(Spawn, &[Ruby], "exec", r#"[\s(]["']"#),
    like(Spawn, &[Ruby], "open(", r#"["']\|"#),
    like(Spawn, &[Ruby], "%x", r"[({\[<|!]"),
    // --- runs text as code, or makes objects of data that decides which
    word(DynamicCode, &[JavaScript, Python, Php, Ruby], "eval("),
    word(DynamicCode, &[Python], "exec("),
    like(DynamicCode, &[Python], "__import__(", r#"\s*['"]builtins['"]"#),
    // Called without its name, which is how code is run in the global scope: `(0, eval)(x)`.
    like(DynamicCode, &[JavaScript], "eval", r"(?:\)\(|(?:\?\.)?\.?(?:call|apply|bind)\(|\?\.\()"),
    like(DynamicCode, &[JavaScript], "= eval", r"\s*(?:[;,)]|\n|$)"),
    like(DynamicCode, &[JavaScript], "=eval", r"\s*(?:[;,)]|\n|$)"),
    word(DynamicCode, &[JavaScript], "Reflect.apply(eval"),
    word(DynamicCode, &[JavaScript], "Reflect.construct(Function"),
    like(
        DynamicCode,
        &[JavaScript],
        "[",
        r#"(?:"eval"|'eval'|`eval`|"Function"|'Function'|`Function`)\](?:\(|\?\.\(|\.(?:call|apply|bind)\()"#,
    ),
    like(DynamicCode, &[JavaScript], "globalThis[", r#"["'`][^"'`\n]{0,20}["'`]\s?\+\s?["'`]"#),
    like(DynamicCode, &[JavaScript], "global[", r#"["'`][^"'`\n]{0,20}["'`]\s?\+\s?["'`]"#),
    like(DynamicCode, &[JavaScript], "require(", r#"["'`][^"'`\n]{1,40}["'`]\s?\+\s?["'`][^"'`\n]{1,40}["'`]\)"#),
    word(DynamicCode, &[JavaScript], "Function("),
    like(DynamicCode, &[JavaScript], "Function", r"(?:\)\(|\.(?:call|apply|bind)\()"),
    like(DynamicCode, &[JavaScript], "constructor", r"\.constructor\("),
    like(DynamicCode, &[JavaScript], "getPrototypeOf(", r"(?:async\s)?function"),
    like(DynamicCode, &[JavaScript], "setTimeout(", r#"["'`]"#),
    like(DynamicCode, &[JavaScript], "setInterval(", r#"["'`]"#),
    word(DynamicCode, &[JavaScript], "._compile("),
    like(DynamicCode, &[Python], "= eval", r"\s*(?:[;,)]|\n|$)"),
    like(DynamicCode, &[Python], "= exec", r"\s*(?:[;,)]|\n|$)"),
    like(DynamicCode, &[Python], "(eval", r"\)\(|,"),
    like(DynamicCode, &[Python], "(exec", r"\)\(|,"),
    like(DynamicCode, &[Python], "getattr(", r#"(?:builtins|__builtins__),"#),
    like(DynamicCode, &[Python], "__builtins__", r#"(?:\.__dict__)?\["#),
    like(DynamicCode, &[Python], "runpy.run_", r"(?:path|module)\("),
    word(DynamicCode, &[Python], "types.FunctionType("),
    like(DynamicCode, &[Python], "dill.load", r"s?\("),
    like(DynamicCode, &[Python], "cloudpickle.load", r"s?\("),
    like(DynamicCode, &[Ruby], "class_eval", r"\("),
    like(DynamicCode, &[Ruby], "eval", r#"\s["'\w]"#),
    like(DynamicCode, &[Ruby], "send(", r":(?:eval|instance_eval|system|exec)\b"),
    like(DynamicCode, &[JavaScript], "vm.", r"(?:runIn|Script\(|compileFunction)"),
    like(DynamicCode, &[Python], "pickle.load", r"s?\("),
    word(DynamicCode, &[Python], "marshal.loads("),
    unless(DynamicCode, &[Python], "yaml.load(", "", "Safe"),
    word(DynamicCode, &[Php], "unserialize("),
    word(DynamicCode, &[Php], "create_function("),
    word(DynamicCode, &[Ruby], "Marshal.load("),
    like(DynamicCode, &[Ruby], "instance_eval", r"\("),
    word(DynamicCode, &[Jvm], "ScriptEngineManager"),
    word(DynamicCode, &[Jvm], "ObjectInputStream("),
    like(DynamicCode, &[CSharp], "Assembly.Load", r"(?:From|File)?\("),
    word(DynamicCode, &[CSharp], "BinaryFormatter"),
    word(DynamicCode, &[CSharp], "CSharpScript."),
    word(DynamicCode, &[Go], "plugin.Open("),
    // --- decodes or downloads something and runs it
    like(DecodedCode, &[JavaScript], "eval", JS_DECODED),
    like(DecodedCode, &[JavaScript], "Function", JS_DECODED),
    like(DecodedCode, &[JavaScript], "import(", r#"\s*["'`](?:data:|https?://)"#),
    like(DecodedCode, &[Python], "exec", PY_DECODED),
    like(DecodedCode, &[Python], "eval", PY_DECODED),
    like(DecodedCode, &[Php], "eval", r"\(\s*(?:base64_decode|gzinflate|gzuncompress|str_rot13|hex2bin)\("),
    like(DecodedCode, &[Ruby], "eval", r"[\s(]+(?:Base64\.|Zlib|\[[^\]]{0,200}\]\.pack)"),
    like(DecodedCode, &[], "base64", r"\s+(?:-d|-D|--decode|-di)\b[^\n|]{0,200}\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b"),
    like(
        DecodedCode,
        &[],
        "base64",
        r"\s+(?:-d|-D|--decode|-di)\b[^\n|]{0,200}\|\s*(?:sudo\s+)?(?:python3?|node|perl)\b",
    ),
    like(DecodedCode, &[], "xxd", r"\s+-r[^\n|]{0,200}\|\s*(?:ba|z|da|k)?sh\b"),
    like(
        DecodedCode,
        &[PowerShell, JavaScript, Python, CSharp, Other, Shell],
        "owershell",
        r#"(?:\.exe)?["',\s]+[^\n]{0,120}-(?i:e|en|enc|enco\w{0,12})["',\s]+[A-Za-z0-9+/=]{40}"#,
    ),
    like(
        DecodedCode,
        &[PowerShell],
        "IEX",
        r"[\s(]+[^\n]{0,160}(?i:DownloadString|FromBase64String|Invoke-WebRequest|iwr )",
    ),
    like(
        DecodedCode,
        &[PowerShell],
        "Invoke-Expression",
        r"[\s(]+[^\n]{0,160}(?i:DownloadString|FromBase64String|Invoke-WebRequest|iwr )",
    ),
    // --- does not check who it talks to
    like(TlsOff, &[JavaScript], "rejectUnauthorized", r#"['"]?\s*[:=]\s*(?:false|!1|0)\b"#),
    like(TlsOff, &[], "NODE_TLS_REJECT_UNAUTHORIZED", r#"['"\]]{0,2}\s*[:=]\s*['"]?0"#),
    like(TlsOff, &[Python], "verify", r"\s*=\s*False\b"),
    word(TlsOff, &[Python], "ssl._create_unverified_context"),
    like(TlsOff, &[Python], "ssl.CERT_NONE", ""),
    like(TlsOff, &[Go], "InsecureSkipVerify", r"\s*[:=]\s*true"),
    like(TlsOff, &[Rust], "danger_accept_invalid_", r"\w+\(\s*true"),
    word(TlsOff, &[Ruby], "OpenSSL::SSL::VERIFY_NONE"),
    like(TlsOff, &[Php], "CURLOPT_SSL_VERIFYPEER", r"\s*(?:,|=>)\s*(?:false|0)"),
    like(
        TlsOff,
        &[CSharp],
        "ServerCertificateCustomValidationCallback",
        r"\s*=\s*[^;]{0,160}(?:=>\s*true|DangerousAccept)",
    ),
    word(TlsOff, &[Jvm], "TrustAllCerts"),
    word(TlsOff, &[Jvm], "NoopHostnameVerifier"),
    like(TlsOff, &[Shell, Dockerfile], "curl", r"[^\n|;&]{0,160}?(?:\s-[A-Za-z]{0,6}k[A-Za-z]{0,6}\s|--insecure\b)"),
    word(TlsOff, &[Shell, Dockerfile], "--no-check-certificate"),
    like(TlsOff, &[Shell, Dockerfile], "--trusted-host", ""),
    like(TlsOff, &[Shell, Dockerfile], "strict-ssl", r"[\s=]+false"),
    like(TlsOff, &[Shell, Dockerfile], "GIT_SSL_NO_VERIFY", r"[\s=]+(?:1|true)"),
    // --- stays after it has ended
    like(Persistence, &[], "crontab", r"\s+(?:-\b|-$|[^\s-]|-u|-l\s*\|)"),
    like(Persistence, &[], "/etc/cron", r"(?:tab|\.d|\.daily|\.hourly)"),
    like(Persistence, &[], ".bashrc", ""),
    like(Persistence, &[], ".zshrc", ""),
    like(Persistence, &[], ".bash_profile", ""),
    word(Persistence, &[], "Library/LaunchAgents"),
    word(Persistence, &[], "/etc/systemd/system"),
    word(Persistence, &[], ".config/systemd/user"),
    like(Persistence, &[], "systemctl", r#"["',\s]+(?:--user["',\s]+)?enable"#),
    like(Persistence, &[], "CurrentVersion", r"\\{1,2}Run"),
    word(Persistence, &[], ".config/autostart"),
    word(Persistence, &[], ".ssh/authorized_keys"),
    word(Persistence, &[], "/etc/rc.local"),
    word(Persistence, &[], "/etc/ld.so.preload"),
    word(Persistence, &[], "schtasks"),
    // --- reads a secret from its environment: how programs are meant to get theirs
    like(Secret, &[JavaScript], "process.env", SECRET_NAME),
    like(Secret, &[JavaScript], "process[", r#"["'`]env["'`]\]"#),
    like(Secret, &[JavaScript], "Deno.env.get", SECRET_NAME),
    like(Secret, &[JavaScript], "Bun.env", SECRET_NAME),
    like(Secret, &[Python], "os.environ", SECRET_NAME_GET),
    like(Secret, &[Python], "getenv", SECRET_NAME),
    like(Secret, &[Go], "os.Getenv", SECRET_NAME),
    like(Secret, &[Go], "os.LookupEnv", SECRET_NAME),
    like(Secret, &[Rust], "env::var", SECRET_NAME_GET),
    like(Secret, &[Jvm], "System.getenv", SECRET_NAME),
    like(Secret, &[CSharp], "GetEnvironmentVariable", SECRET_NAME),
    like(Secret, &[Ruby], "ENV", SECRET_NAME_GET),
    like(Secret, &[Php], "getenv", SECRET_NAME),
    // --- takes all of its environment as data
    like(
        Environment,
        &[JavaScript],
        "JSON.stringify",
        r"\(\s*(?:\{\s*(?:[^\n}]{0,80}[,:]\s*)?(?:\.\.\.)?)?process\.env\s*[,)}]",
    ),
    like(
        Environment,
        &[JavaScript],
        "JSON.stringify",
        r"\(\s*Object\.(?:entries|assign|values|fromEntries)\([^\n;]{0,80}\bprocess\.env\s*[,)]",
    ),
    like(Environment, &[JavaScript], "body", r"\s*:\s*[^\n;]{0,80}\(\s*process\.env\s*\)"),
    like(Environment, &[Python], "str(os.environ", ""),
    word(Environment, &[JavaScript], "Deno.env.toObject("),
    like(Environment, &[Python], "json.dumps", r"\([^\n;]{0,120}\bos\.environ(?:\.(?:copy|items)\(\)|\s*[,)}])"),
    like(Environment, &[Python], "data", r"\s?=\s?(?:dict\(|str\()?os\.environ(?:\.copy\(\))?\s*[,)]"),
    like(Environment, &[Python], "json", r"\s?=\s?(?:dict\(|str\()?os\.environ(?:\.copy\(\))?\s*[,)]"),
    like(Environment, &[Python], "urlencode", r"\((?:dict\()?os\.environ\b\s*[,)]"),
    like(Environment, &[Go], "strings.Join", r"\(os\.Environ\("),
    like(Environment, &[Go], "json.Marshal", r"\(os\.Environ\("),
    like(Environment, &[Ruby], "ENV.to_", r"(?:h\.to_)?json"),
    like(Environment, &[Shell], "printenv", r"\s*\|\s*(?:base64|curl|nc|wget)\b"),
    like(Environment, &[Shell], "export -p", r"\s*\|\s*(?:base64|curl|nc|wget)\b"),
    like(Environment, &[Shell], "declare -", r"[xp]{1,2}\s*\|\s*(?:base64|curl|nc|wget)\b"),
    like(
        Environment,
        &[],
        "/proc/",
        r"(?:\d{1,7}|self|thread-self|\*|\$\$|\$\{?\w{1,40}\}?|%[ds]|\{\w{0,40}\})/environ",
    ),
    like(Environment, &[Shell], "env", r"\s*\|\s*(?:base64|curl|nc|wget)\b"),
    // --- reads credentials that other programs keep
    like(Credentials, &[], keys::SSH, r#"(?:['"`/\\]|$)"#),
    like(Credentials, &[Shell, Dockerfile], keys::SSH, r"[\s;|&)]"),
    word(Credentials, &[], keys::ID_RSA),
    word(Credentials, &[], keys::ID_ED25519),
    like(Credentials, &[], keys::AWS, r#"["'`/\\,\s]{1,5}(?:credentials|config)\b"#),
    like(Credentials, &[], ".npmrc", ""),
    like(Credentials, &[], keys::PYPIRC, ""),
    like(Credentials, &[], keys::NETRC, ""),
    like(Credentials, &[], keys::GIT_CREDENTIALS, ""),
    like(Credentials, &[], ".docker", r#"["'`/\\,\s]{1,5}config\.json"#),
    like(Credentials, &[], keys::KUBE, r#"["'`/\\,\s]{1,5}config\b"#),
    word(Credentials, &[], "application_default_credentials"),
    like(Credentials, &[], keys::GNUPG, ""),
    like(Credentials, &[], ".vault-token", ""),
    like(Credentials, &[], ".cargo", r#"["'`/\\,\s]{1,5}credentials"#),
    like(Credentials, &[], "gh", r"/hosts\.yml"),
    word(Credentials, &[], "find-generic-password"),
    // --- reads what only a browser, a wallet or a thief reads
    like(Store, &[], "Login Data", r#"(?:['"`]|\b)"#),
    word(Store, &[], "cookies.sqlite"),
    word(Store, &[], "key4.db"),
    word(Store, &[], "logins.json"),
    word(Store, &[], "dump-keychain"),
    word(Store, &[], "login.keychain"),
    word(Store, &[], "wallet.dat"),
    word(Store, &[], "exodus.wallet"),
    like(Store, &[], ".config/solana", r"/id\.json"),
    word(Store, &[], ".electrum/wallets"),
    word(Store, &[], "nkbihfbeogaeaoehlefnkodbefgpgknn"),
    word(Store, &[], "ibnejdfjmmkpcnlpebklmnkoeoihofec"),
    word(Store, &[], "bfnaelmomeimhlpmgjnjophhpkkoljpa"),
    // --- asks the cloud's host for credentials
    word(Metadata, &[], "169.254.169.254"),
    word(Metadata, &[], "169.254.170.2"),
    word(Metadata, &[], "metadata.google.internal"),
    // --- makes a command of text and values
    like(Injection, &[JavaScript], "exec", r"(?:Sync)?\(\s*`[^`\n]{0,200}\$\{"),
    like(Injection, &[Python], "os.system(", r#"\s*f["'][^\n]{0,200}\{"#),
    like(Injection, &[Python], "os.popen(", r#"\s*f["'][^\n]{0,200}\{"#),
    like(Injection, &[Python], "subprocess.", r#"\w{3,20}\(\s*f["'][^\n]{0,160}\{[^)]{0,160}shell\s*=\s*True"#),
    like(
        Injection,
        &[Go],
        "exec.Command",
        r#"(?:Context)?\([^\n]{0,60}"(?:ba)?sh",\s*"-c",\s*(?:fmt\.Sprintf|"[^"\n]{0,200}"\s*\+)"#,
    ),
];

/// The same where a method may stand before the name: `os.environ.get("X")`, `ENV.fetch("X")`, `env::var("X")`.
const SECRET_NAME_GET: &str = r#"(?:_os)?(?:\.get|\.fetch|\.pop|\.setdefault)?["'\[(\s]{1,4}[A-Za-z0-9_]{0,60}(?i:token|secret|api_?key|access_?key|private_?key|passw|passphrase|credential|cookie)[A-Za-z0-9_]{0,60}"#;
