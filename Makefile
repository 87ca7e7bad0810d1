# skullstrip: `make demo`, `make test`, `make install PREFIX=/usr/local`

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
BUILD := .build/release
SKULLSTRIP := $(BUILD)/skullstrip
OUT ?= out

.PHONY: all deps build demo test docs install uninstall clean

all: build

## Installs the system packages that are missing (Debian and Ubuntu; root or sudo).
deps:
	@sh scripts/install-packages.sh

build: deps
	$(SWIFT) build -c release --product skullstrip

## A network learns to find the brain in synthetic heads: a minute or two on two cores.
demo: build
	$(SKULLSTRIP) examples/quickstart.ss $(OUT)

## Builds the program and every test, runs them, prints the counts.
test:
	@sh scripts/install-packages.sh python3 binutils qemu-user gcc libtree-sitter-dev
	$(SWIFT) build -c release --build-tests
	@sh scripts/run-tests.sh

## Writes docs/reference.md from the declarations of the builtins and the comments of the library.
docs: build
	$(SKULLSTRIP) --reference > docs/reference.md

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/skullstrip/examples
	install -s -m 755 $(SKULLSTRIP) $(DESTDIR)$(PREFIX)/bin/skullstrip
	install -m 644 docs/skullstrip.1 $(DESTDIR)$(PREFIX)/share/man/man1/skullstrip.1
	install -m 644 examples/*.ss $(DESTDIR)$(PREFIX)/share/skullstrip/examples
	if [ -f models/default.safetensors ]; then install -m 644 models/default.safetensors $(DESTDIR)$(PREFIX)/share/skullstrip; fi

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/skullstrip $(DESTDIR)$(PREFIX)/share/man/man1/skullstrip.1
	rm -rf $(DESTDIR)$(PREFIX)/share/skullstrip

clean:
	rm -rf .build $(OUT)
