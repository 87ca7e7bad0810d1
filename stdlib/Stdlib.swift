public enum Stdlib {}
