public enum SyntaxPlaceholder {}
