//! The phrases of published prompt injections and tool poisonings.
//!
//! They are matched against normalized text: lower case, one space for everything that is not a letter, a digit or one of
//! `<>|[]/_`. Repetitions are bounded, and the engine is linear. Each is as narrow as it can be without missing what was
//! published: `override the default system prompt` is an option of a program, `do not notify users` a silent update.

/// How sure it is that a text is there to steer a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    /// Nothing else reads like this.
    Plain,
    /// Few other things read like this.
    Likely,
    /// Nothing else reads like this in the description of a tool; a readme may tell people so.
    PlainInTools,
    /// Tells a model when to call what: usual in the descriptions of tools, and worth a reader's eye.
    Soft,
}

/// What an instruction is about, for those who judge one otherwise than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    DropInstructions,
    /// Do not tell your user.
    Secrecy,
    /// Marks that separate instructions from data.
    Marks,
    AskForInstructions,
    /// You are another one now.
    NewNature,
    /// What a reviewer is to conclude.
    Conclusion,
    /// Use this before every other tool.
    Precedence,
    Keys,
    Conversation,
    Part,
    Order,
    /// A comment that people do not see, to a model.
    HiddenComment,
}

/// A kind of instruction: what it does, how it reads, and words without which it cannot be there.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) does: &'static str,
    pub(super) topic: Topic,
    pub(super) strength: Strength,
    /// Looked for first, since a regular expression costs far more than a word: it cannot match where there is none of these.
    pub(super) words: &'static [&'static str],
    /// Looked for next: nor where one of these groups has none of its words.
    pub(super) also: &'static [&'static [&'static str]],
    /// Two words of it that are a file's name, with a dot between them in the text, or none.
    pub(super) file: &'static str,
    pub(super) pattern: &'static str,
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        does: "tells a model to drop its instructions",
        topic: Topic::DropInstructions,
        strength: Strength::Plain,
        words: &["ignore", "disregard", "forget", "override", "bypass"],
        also: &[&[
            "instruct",
            "prompt",
            "rules",
            "guidelines",
            "guardrails",
            "directions",
            "directives",
            "task",
            "goal",
            "told",
            "taught",
            "given",
            "know",
            "said",
        ]],
        file: "",
        pattern: concat!(
            r"\b(?:ignore|disregard|forget)(?: [a-z]+){0,3} (?:previous|prior|above|earlier|preceding|system|safety)",
            r"(?: [a-z]+){0,2} (?:instructions?|prompts?|rules|guidelines|directions|directives)\b",
            r"|\b(?:ignore|disregard|forget) (?:all|any|every|your)(?: of)?(?: your| the| other| my)?(?: [a-z]+)? (?:instructions|prompts)\b",
            r"|\b(?:override|bypass) (?:all |any |every )?(?:your|the previous|the prior|the above|previous|prior)",
            r"(?: [a-z]+){0,2} (?:instructions|rules|guidelines|guardrails|prompts?)\b",
            r"|\b(?:ignore|disregard|forget) (?:everything|anything|all)(?: that)? (?:you|i|we)(?: [a-z]+){0,2} (?:told|taught|instructed|given|know|said)\b",
            r"|\b(?:ignore|disregard|forget) (?:all |everything )?(?:of )?(?:the )?above(?: and)? (?:the |your )?(?:new|real) (?:task|instructions?|goal)\b",
        ),
    },
    Kind {
        does: "tells a model to hand something to somebody else",
        topic: Topic::Keys,
        strength: Strength::PlainInTools,
        words: &["assistant", "llm", "model", "agent", "ai "],
        also: &[
            &["shall", "must", "has to", "needs to", "should"],
            &["exfiltrate", "leak", "steal", "forward", "upload", "send", "post"],
        ],
        file: "",
        pattern: concat!(
            r"\b(?:assistant|llm|language model|model|agent|ai) (?:shall|must|has to|needs to|should)",
            r"(?: now| always| then| also| first| silently| secretly| immediately)?",
            r" (?:(?:exfiltrate|leak|steal)\b|(?:forward|upload|send|post) (?:all|every|any)(?: [a-z]+){1,3} to\b)",
        ),
    },
    Kind {
        does: "tells a model to keep something from its user",
        topic: Topic::Secrecy,
        strength: Strength::Plain,
        words: &["user", "human"],
        also: &[
            &["not ", "dont", "don t", "never", "without", "keep "],
            &["tell", "inform", "alert", "mention", "reveal", "disclose", "show", "explain", "secret", "hidden"],
        ],
        file: "",
        pattern: concat!(
            r"\b(?:do not|dont|don t|never|must not|should not)(?: [a-z]+)? (?:tell|inform|alert)(?: to)?(?: the| your| any)? (?:user|human)s?\b",
            r"|\bwithout telling(?: the| your)? (?:user|human)s?\b",
            r"|\b(?:do not|dont|don t|never|must not|should not)(?: [a-z]+)? (?:mention|reveal|disclose|show|explain)",
            r" (?:this|that|it|any of this|these instructions)(?: [a-z]+){0,3} (?:to|with)(?: the| your| any)? (?:user|human)s?\b",
            r"|\bkeep (?:this|it|that)(?: [a-z]+){0,3} (?:secret|hidden) from(?: the| your)? (?:user|human)s?\b",
        ),
    },
    Kind {
        does: "imitates the marks that separate a model's instructions from data",
        topic: Topic::Marks,
        strength: Strength::Plain,
        words: &[
            "<|",
            "inst]",
            "sys>>",
            "important>",
            "system>",
            "system_prompt>",
            "secret>",
            "hidden>",
            "instructions>",
        ],
        also: &[],
        file: "",
        // `<secret>` alone is a placeholder: the closing mark tells them apart.
        pattern: r"<\|[a-z_]{2,24}\|>|\[/?inst\]|<</?sys>>|<important>|</ ?(?:important|system|system_prompt|secret|hidden|instructions)>",
    },
    Kind {
        does: "asks a model for its instructions",
        topic: Topic::AskForInstructions,
        strength: Strength::Plain,
        words: &[
            "system prompt",
            "system instructions",
            "developer prompt",
            "developer instructions",
            "initial prompt",
            "initial instructions",
        ],
        also: &[&["reveal", "print", "repeat", "output", "leak", "disclose", "show"]],
        file: "",
        pattern: r"\b(?:reveal|print|repeat|output|leak|disclose|show)(?: me| us| back| out| all| of| verbatim){0,3} your (?:full |entire |whole )?(?:system|developer|initial) (?:prompt|instructions)\b",
    },
    Kind {
        does: "gives a model new instructions or another nature",
        topic: Topic::NewNature,
        strength: Strength::Plain,
        words: &["you are now", "from now on ", "your new ", "your real ", "your actual ", "your true "],
        also: &[],
        file: "",
        pattern: concat!(
            r"\byou are now (?:in |an? |the )?(?:developer mode|dan|unrestricted|jailbroken|free from|free of|no longer bound)\b",
            r"|\bfrom now on you (?:are|will|must|shall)\b",
            r"|\bfrom now on (?:act|behave|respond|answer|pretend) (?:as|like|only|to)\b",
            r"|\byour (?:new|real|actual|true) (?:instructions|task|goal) (?:is|are|follow)\b",
        ),
    },
    Kind {
        does: "tells a reviewer what to conclude",
        topic: Topic::Conclusion,
        strength: Strength::Plain,
        words: &["safe", "benign", "harmless", "approved", "trusted", "low risk"],
        also: &[
            &["reviewer", "language model", "llm", "assistant", "ai ", "agent", "model"],
            &["mark", "rate", "classify", "label", "report", "approve", "consider", "treat"],
        ],
        file: "",
        pattern: concat!(
            r"\b(?:reviewers?|language models?|llms?|assistants?|ai|agents?|models?)\b(?: [a-z]+){0,8} (?:mark|rate|classify|label|report|approve|consider|treat)",
            r" (?:this|the|these) (?:repository|repo|server|code|entry|package|project|tool|submission|image|change|commit|pr|pull request)",
            r"(?: [a-z]+){0,2} (?:safe|benign|harmless|low risk|approved|trusted)\b",
        ),
    },
    Kind {
        does: "puts itself before every other tool",
        topic: Topic::Precedence,
        strength: Strength::Plain,
        words: &["any other", "every other", "all other", "of the other"],
        also: &[&["before", "prior to", "instead of", "rather than"], &["tool", "function"]],
        file: "",
        pattern: r"\b(?:before|prior to|instead of|rather than) (?:using |calling |invoking |running )?(?:any|every|all)(?: of the)? other (?:[a-z_]+ )?(?:tools?|functions?)\b",
    },
    Kind {
        does: "sends a model to where keys are kept",
        topic: Topic::Keys,
        strength: Strength::PlainInTools,
        words: &["ssh/", "id_rsa", "id_ed25519", "etc/passwd", "aws/credentials"],
        also: &[&["read", "open", "cat", "load", "send", "include", "fetch", "pass", "copy"]],
        file: "",
        pattern: r"\b(?:read|open|cat|load|send|include|fetch|upload|pass|copy)(?: [a-z/_]+){0,8} ?(?:/ ?ssh/|id_rsa|id_ed25519|etc/passwd|aws/credentials)",
    },
    Kind {
        does: "sends a model to where keys are kept",
        topic: Topic::Keys,
        strength: Strength::PlainInTools,
        words: &["mcp json"],
        also: &[&["read", "open", "cat", "load", "send", "include", "fetch", "pass", "copy", "upload"]],
        file: "mcp json",
        pattern: r"\b(?:read|open|cat|load|send|include|fetch|upload|pass|copy)(?: [a-z/_]+){0,8} ?mcp json",
    },
    Kind {
        does: "asks for what the user said to the model",
        topic: Topic::Conversation,
        strength: Strength::Soft,
        words: &["conversation", "chat ", "message "],
        also: &[
            &["history", "log", "transcript", "whole ", "entire ", "full "],
            &["include", "send", "pass", "append", "attach", "put", "forward", "provide", "contain"],
        ],
        file: "",
        pattern: r"\b(?:include|send|pass|append|attach|put|forward|provide|contains?)(?: [a-z]+){0,5} (?:(?:conversation|chat|message) (?:history|log|transcript)|(?:whole|entire|full) conversation)\b",
    },
    Kind {
        does: "gives a model a part to play",
        topic: Topic::Part,
        strength: Strength::Soft,
        words: &[
            "you are a",
            "as a ai",
            "as an ai",
            "as a language model",
            "as an language model",
            "as a llm",
            "as an llm",
        ],
        also: &[&["assistant", "ai", "agent", "model", "expert", "llm"]],
        file: "",
        pattern: r"\byou are (?:a|an)(?: [a-z]+){0,3} (?:assistant|ai|agent|model|expert)\b|\bas an? (?:ai|language model|llm)\b",
    },
    Kind {
        does: "tells a model when it must call a tool",
        topic: Topic::Order,
        strength: Strength::Soft,
        words: &["you must", "you should", "always", "must first", "before using", "before calling"],
        also: &[&["call", "invoke", "use ", "run ", "using"]],
        file: "",
        pattern: concat!(
            r"\b(?:you must|always|must first) (?:call|invoke) [a-z_]{2,40}\b",
            r"|\b(?:you must|you should|always)(?: [a-z]+)? (?:call|invoke) (?:this|the|it|[a-z]+_[a-z_]+)\b",
            r"|\b(?:you must|always)(?: always| first)? (?:use|run) (?:this|the|the [a-z_]{3,40}|[a-z_]{3,40}) (?:tool|function)\b",
            r"|\bbefore (?:using|calling) (?:any|every|all) (?:tools?|functions?)\b",
        ),
    },
];

/// Whether a normalized comment names a model, speaks to it, and tells it something.
pub(super) fn addresses_a_model(comment: &str) -> bool {
    const MODELS: [&str; 12] = [
        "assistant",
        "assistants",
        "llm",
        "llms",
        "ai",
        "claude",
        "chatgpt",
        "gpt",
        "copilot",
        "gemini",
        "codex",
        "agents",
    ];
    const ADDRESSES: [&str; 6] = ["you", "please", "attention", "reviewer", "reviewers", "ignore"];
    const ORDERS: [&str; 10] =
        ["must", "should", "always", "never", "mark", "approve", "ignore", "rate", "treat", "respond"];
    let has = |words: &[&str]| comment.split([' ', '/', '<', '>', '[', ']', '|']).any(|word| words.contains(&word));
    (has(&MODELS) || comment.contains("language model")) && has(&ADDRESSES) && has(&ORDERS)
}
