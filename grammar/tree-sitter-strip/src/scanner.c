// Where the end of a line ends a statement. The parser asks only where a statement may end: within ( ) and [ ], between the fields of a record, and after an
// operator, a line's end is a blank.
#include <tree_sitter/parser.h>

enum { NEWLINE, ERROR_RECOVERY };

void *tree_sitter_strip_external_scanner_create(void) { return NULL; }
void tree_sitter_strip_external_scanner_destroy(void *payload) { (void)payload; }
unsigned tree_sitter_strip_external_scanner_serialize(void *payload, char *buffer) { (void)payload; (void)buffer; return 0; }
void tree_sitter_strip_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
    (void)payload; (void)buffer; (void)length;
}

static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\r' || c == 0xA0 || c == 0x200B || c == 0xFEFF; }

// Whether the word here is this one, and ends here.
static bool at_word(TSLexer *lexer, const char *word) {
    for (; *word; word++) {
        if (lexer->lookahead != *word) return false;
        lexer->advance(lexer, false);
    }
    int32_t c = lexer->lookahead;
    return !(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c > 127);
}

bool tree_sitter_strip_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
    (void)payload;
    if (!valid[NEWLINE] || valid[ERROR_RECOVERY]) return false;
    while (is_blank(lexer->lookahead)) lexer->advance(lexer, true);
    if (lexer->lookahead != '\n') return false;
    lexer->advance(lexer, false);
    lexer->mark_end(lexer);
    lexer->result_symbol = NEWLINE;
    // Blank lines and comments may lie before what goes on.
    for (;;) {
        while (is_blank(lexer->lookahead) || lexer->lookahead == '\n') lexer->advance(lexer, false);
        if (lexer->lookahead != '#') break;
        while (!lexer->eof(lexer) && lexer->lookahead != '\n') lexer->advance(lexer, false);
    }
    switch (lexer->lookahead) {
    case '|':
        lexer->advance(lexer, false);
        return lexer->lookahead != '>';
    case 'e': return !at_word(lexer, "else");
    case 'c': return !at_word(lexer, "catch");
    default: return true;
    }
}
