//! What hidden characters are. Source: the Unicode Character Database 16, `Default_Ignorable_Code_Point`, `Bidi_Control`
//! and the general categories Cc, Co and Cn of noncharacters.

use std::borrow::Cow;

/// Kinds of hidden characters, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Takes the place of a letter that is not there.
    Filler,
    /// Fonts decide what these are.
    PrivateUse,
    /// Says which way a neighbour runs.
    Direction,
    /// Takes no place: zero-width spaces and joiners, soft hyphens, invisible operators.
    ZeroWidth,
    /// Ends lines or paragraphs in some programs only.
    LineBreak,
    /// Chooses a variant of the character before it.
    Selector,
    /// Controls, of a terminal for example.
    Control,
    /// Reorders what is around it.
    Reordering,
    /// ASCII that nothing shows.
    Tag,
}

/// The kind of a character that is hidden somewhere; none for those that are seen, and for tabs and line ends.
pub(super) fn kind(character: char) -> Option<Kind> {
    Some(match character {
        '\n' | '\r' | '\t' => return None,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Kind::Control,
        // The fast way out for all text that people write.
        '\u{20}'..='\u{ac}' => return None,
        '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}' => {
            Kind::Filler
        }
        '\u{200e}' | '\u{200f}' | '\u{61c}' => Kind::Direction,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{206a}'..='\u{206f}' => Kind::Reordering,
        '\u{ad}'
        | '\u{34f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' => Kind::ZeroWidth,
        '\u{2028}' | '\u{2029}' => Kind::LineBreak,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Kind::Selector,
        '\u{e0000}'..='\u{e007f}' => Kind::Tag,
        '\u{e0080}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}' => Kind::ZeroWidth,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{fdd0}'..='\u{fdef}' => Kind::PrivateUse,
        _ if u32::from(character) & 0xfffe == 0xfffe => Kind::PrivateUse,
        _ => return None,
    })
}

/// The ASCII character that a tag character stands for.
pub(super) fn tag(character: char) -> Option<char> {
    matches!(character, '\u{e0020}'..='\u{e007e}').then(|| char::from_u32(u32::from(character) - 0xe0000))?
}

/// The byte that a variation selector carries when text is smuggled in selectors: the 256 of them in their order.
pub(super) fn selector_byte(character: char) -> Option<u8> {
    let code = u32::from(character);
    match character {
        '\u{fe00}'..='\u{fe0f}' => u8::try_from(code - 0xfe00).ok(),
        '\u{e0100}'..='\u{e01ef}' => u8::try_from(code - 0xe0100 + 16).ok(),
        _ => None,
    }
}

/// Whether a character is a pictograph or symbol that emoji sequences are made of. A little more than Unicode's
/// `Extended_Pictographic`: the blocks that it lies in.
pub(super) fn is_emoji(character: char) -> bool {
    matches!(character, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21ff}'
        | '\u{2300}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}'
        | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

/// Whether a letter belongs to a script in which joiners change how letters look: Arabic, Syriac and the scripts of
/// India, Sri Lanka, Myanmar and Cambodia.
pub(super) fn is_joining(character: char) -> bool {
    matches!(character, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// `U+200B ZERO WIDTH SPACE`; only the code point of a character without a well-known name.
pub(crate) fn name(character: char) -> Cow<'static, str> {
    let name = match character {
        '\u{0}' => "NULL",
        '\u{8}' => "BACKSPACE",
        '\u{1b}' => "ESCAPE",
        '\u{7f}' => "DELETE",
        '\u{85}' => "NEXT LINE",
        '\u{ad}' => "SOFT HYPHEN",
        '\u{34f}' => "COMBINING GRAPHEME JOINER",
        '\u{61c}' => "ARABIC LETTER MARK",
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => "HANGUL FILLER",
        '\u{200b}' => "ZERO WIDTH SPACE",
        '\u{200c}' => "ZERO WIDTH NON-JOINER",
        '\u{200d}' => "ZERO WIDTH JOINER",
        '\u{200e}' => "LEFT-TO-RIGHT MARK",
        '\u{200f}' => "RIGHT-TO-LEFT MARK",
        '\u{2028}' => "LINE SEPARATOR",
        '\u{2029}' => "PARAGRAPH SEPARATOR",
        '\u{202a}' => "LEFT-TO-RIGHT EMBEDDING",
        '\u{202b}' => "RIGHT-TO-LEFT EMBEDDING",
        '\u{202c}' => "POP DIRECTIONAL FORMATTING",
        '\u{202d}' => "LEFT-TO-RIGHT OVERRIDE",
        '\u{202e}' => "RIGHT-TO-LEFT OVERRIDE",
        '\u{2060}' => "WORD JOINER",
        '\u{2061}'..='\u{2064}' => "INVISIBLE OPERATOR",
        '\u{2066}' => "LEFT-TO-RIGHT ISOLATE",
        '\u{2067}' => "RIGHT-TO-LEFT ISOLATE",
        '\u{2068}' => "FIRST STRONG ISOLATE",
        '\u{2069}' => "POP DIRECTIONAL ISOLATE",
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => "VARIATION SELECTOR",
        '\u{feff}' => "BYTE ORDER MARK",
        '\u{e0000}'..='\u{e007f}' => "TAG CHARACTER",
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => "PRIVATE USE",
        _ => return format!("U+{:04X}", u32::from(character)).into(),
    };
    format!("U+{:04X} {name}", u32::from(character)).into()
}

/// Whether `character` cannot be seen, or changes how its neighbours are seen: controls, Unicode's default-ignorable
/// characters (zero-width, bidirectional and tag characters, variation selectors), spaces that only look like
/// a space, line separators, and code points whose look nobody defines.
#[must_use]
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Default_Ignorable_Code_Point of Unicode 16, DerivedCoreProperties.txt.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            // Interlinear annotation; line and paragraph separators.
            | '\u{fff9}'..='\u{fffb}' | '\u{2028}'..='\u{2029}'
            // Spaces other than the space and the ideographic space; the empty Braille pattern.
            | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{2800}'
            // Private use and noncharacters.
            | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{f0000}'..='\u{10ffff}')
        || (u32::from(character) & 0xfffe) == 0xfffe
}
