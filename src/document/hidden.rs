//! Characters that people do not see: rules look for them, and outputs show them as codes.

/// Whether `character` cannot be seen, or changes how its neighbours are seen: controls, Unicode's default-ignorable
/// characters (zero-width, bidirectional and tag characters, variation selectors), spaces that only look like
/// a space, line separators, and code points whose look nobody defines.
#[must_use]
pub fn is_hidden(character: char) -> bool {
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
