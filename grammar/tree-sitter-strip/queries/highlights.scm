; Generated from the catalogue and the lexer's tables by Tests/BuiltinsTests/EditorGrammarTests.swift. Do not edit.
; Of two patterns that fit, the later counts.

(identifier) @variable
(parameter name: (identifier) @variable.parameter)
(lambda parameters: (identifier) @variable.parameter)
(rest name: (identifier) @variable.parameter)
(named_argument name: (identifier) @variable.parameter)
(member name: (field_name) @property)
(field name: (field_name) @property)
(field_pattern name: (field_name) @property)
(definition name: (identifier) @function)
(call function: (identifier) @function.call)
((call function: (identifier) @function.builtin)
  (#any-of? @function.builtin
    "abs" "acos" "adam" "adamw" "add" "affine_transform" "all" "any" "asin" "assd" "assert" "atan"
    "attention_gate" "augment" "average" "avgpool" "basename" "batchnorm" "bet" "bias" "bias_field"
    "bids" "boundary" "bounding_box" "cached" "ceil" "centroid" "clip" "clock" "close" "compare"
    "components" "compose" "concat" "conform" "constant" "contains" "contrast" "conv3d" "conv_block"
    "copy_grid" "cos" "cosine" "crop" "crop_to" "default_model" "denoise" "dice" "dilate" "dirname"
    "distance" "drop" "dropout" "each_frame" "elastic" "elu" "ends_with" "entries" "enumerate" "env"
    "erode" "error" "errors" "exists" "exp" "explain" "files" "fill_holes" "filter" "find" "fit"
    "flatten" "flip" "floor" "focal" "folds" "format" "frames" "from_json" "gamma" "gaussian" "gelu"
    "get" "ghosting" "glob" "globalpool" "gradient" "group" "groupnorm" "hausdorff" "hd95" "help"
    "histogram" "histogram_match" "input" "instancenorm" "inverse" "iou" "is_folder" "is_nan" "join"
    "join_path" "keys" "kind" "largest" "layernorm" "leakyrelu" "length" "lines" "load"
    "load_weights" "log" "log10" "log2" "lower" "lr_find" "make_folder" "map" "max" "maxpool" "mean"
    "median" "min" "model" "multiply" "n4" "nfbs" "noise" "noise_level" "normalize" "now" "number"
    "nyul" "nyul_landmarks" "onecycle" "open" "options" "otsu" "otsu_thresholds" "overlay" "pad"
    "pairs" "peak_memory" "peek" "percentile" "permute" "phantom" "pipeline" "plan" "plateau" "plot"
    "poly" "position" "precision" "predict" "prepared" "preprocess" "print" "probability" "random"
    "read_json" "read_table" "read_text" "record" "reduce" "register" "relu" "reorient" "replace"
    "replace_nonfinite" "resample" "rescale" "reverse" "rotate" "round" "roundtrip" "save"
    "sensitivity" "sgd" "sheet" "show" "shuffle" "sigmoid" "silu" "sin" "slices" "softmax" "sort"
    "source" "specificity" "spike" "split" "sqrt" "squeeze_excite" "starts_with" "std" "stem" "steps"
    "strip" "sum" "summary" "surface_dice" "synth" "table" "tan" "text" "thick_slices" "threads"
    "threshold" "to_json" "trace" "transform" "translate" "trim" "tversky" "unet3d" "unique"
    "upconv3d" "upper" "upsample" "values" "volume_ml" "volume_similarity" "weights" "white_stripe"
    "with" "without" "zero_air" "zip"))
((identifier) @constant.builtin (#any-of? @constant.builtin "inf" "nan" "pi" "args"))

(number) @number
(string) @string
(string_content) @string
(escape) @string.escape
(format) @string.special
(interpolation "{" @punctuation.special "}" @punctuation.special)
(comment) @comment
[(true) (false)] @boolean
(none) @constant.builtin

["if" "else" "for" "in" "while" "return" "try" "catch" "import" "fn"] @keyword
[(break) (continue)] @keyword
["and" "or" "not"] @keyword.operator
["->" "|>" "==" "!=" "<=" ">=" "<" ">" "=" "+" "-" "*" "/" "%" "^" "&" "|" "~" ":"] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," "." ";"] @punctuation.delimiter
