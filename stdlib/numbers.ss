# Numbers with names.
pi = 3.141592653589793
inf = 1 / 0
nan = 0 / 0
