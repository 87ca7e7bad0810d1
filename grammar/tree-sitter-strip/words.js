// Generated from the catalogue and the lexer's tables by Tests/BuiltinsTests/EditorGrammarTests.swift. Do not edit.
module.exports = {
  keywords: [
    'fn', 'if', 'else', 'for', 'in', 'while', 'break', 'continue', 'return', 'try', 'catch', 'import',
    'and', 'or', 'not', 'true', 'false', 'none',
  ],
};
