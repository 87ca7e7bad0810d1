// Parses each file named and prints the places of nodes that the grammar could not make sense of; with -s also the trees. The status is 1 where there is one.
// With -q the one file is a query, and what is wrong with it is told.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_strip(void);

static int mistakes(TSNode node, const char *path) {
    if (!ts_node_has_error(node)) return 0;
    int count = 0;
    if (ts_node_is_missing(node) || ts_node_type(node)[0] == 'E') {
        TSPoint at = ts_node_start_point(node);
        printf("%s:%u:%u %s\n", path, at.row + 1, at.column + 1, ts_node_is_missing(node) ? "MISSING" : "ERROR");
        count = 1;
    }
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) count += mistakes(ts_node_child(node, i), path);
    return count;
}

static char *contents(const char *path, uint32_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path); exit(2); }
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *text = malloc((size_t)length + 1);
    *size = (uint32_t)fread(text, 1, (size_t)length, file);
    fclose(file);
    return text;
}

static int check_query(const char *path) {
    uint32_t size, at;
    TSQueryError error;
    char *text = contents(path, &size);
    if (ts_query_new(tree_sitter_strip(), text, size, &at, &error)) return 0;
    printf("%s: error %d at byte %u: %.40s\n", path, error, at, text + at);
    return 1;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "-q") == 0) return check_query(argv[2]);
    TSParser *parser = ts_parser_new();
    if (!ts_parser_set_language(parser, tree_sitter_strip())) { fprintf(stderr, "another version of tree-sitter\n"); return 2; }
    int found = 0, show = argc > 1 && argv[1][0] == '-';
    for (int i = 1 + show; i < argc; i++) {
        uint32_t size;
        char *text = contents(argv[i], &size);
        TSTree *tree = ts_parser_parse_string(parser, NULL, text, size);
        found += mistakes(ts_tree_root_node(tree), argv[i]);
        if (show) { char *s = ts_node_string(ts_tree_root_node(tree)); puts(s); free(s); }
        ts_tree_delete(tree);
        free(text);
    }
    return found > 0;
}
