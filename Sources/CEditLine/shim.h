#include <histedit.h>
#include <stdio.h>
#include <locale.h>
