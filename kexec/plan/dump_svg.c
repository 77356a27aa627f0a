// SPDX-License-Identifier: GPL-2.0-only
/*
 * The plan as a picture: the crash region to scale, with its segments, the gaps between them and
 * what the digest covers. All numbers are integers, so that the same plan gives the same bytes
 * everywhere.
 *
 * Most segments are thin next to the region. So each piece has its label beside the bar, at its
 * own height where there is room, else pushed along, with a line that leads to it.
 */
#include <inttypes.h>

#include "kexec/plan/dump.h"
#include "lib/printer.h"

/* Lengths in units of the picture; heights of the bar are in hundredths. */
#define WIDTH	    940
#define BAR_TOP	    110
#define BAR_LEFT    170
#define BAR_WIDTH   130
#define STRIP_WIDTH 14 /* what the digest covers, on the right edge of the bar */
#define BAR_RIGHT   (BAR_LEFT + BAR_WIDTH)
#define LABEL_LEFT  (BAR_RIGHT + 60)
#define LABEL_TEXT  (LABEL_LEFT + 18)
#define LABEL_PITCH 40
#define THINNEST    60	/* hundredths; a segment below that would not be seen */
#define BAR_HEIGHT  640 /* at least */
#define HUNDRED	    100

/* Each segment, the gap in front of each, and the one behind the last. */
#define PIECES_MAX (2 * KEXEC_SEGMENT_MAX + 1)

struct piece {
	struct range range;
	const struct segment *segment; /* NULL for a gap */
	uint64_t top, bottom;	       /* in hundredths below BAR_TOP */
	uint64_t label;		       /* the middle of its label, likewise */
};

struct picture {
	struct range range; /* what the bar shows */
	uint64_t height;    /* of the bar, in hundredths */
	struct piece pieces[PIECES_MAX];
	size_t count;
};

static const char *const colours[] = {
	[SEGMENT_KERNEL] = "#4e79a7",
	[SEGMENT_INITRD] = "#f28e2b",
	[SEGMENT_ELFCOREHDR] = "#b07aa1",
	[SEGMENT_PURGATORY] = "#e15759",
	[SEGMENT_DTB] = "#76b7b2",
	[SEGMENT_BOOT_PARAMS] = "#59a14f",
	[SEGMENT_MULTIBOOT] = "#59a14f",
	[SEGMENT_MODULE] = "#f28e2b",
	[SEGMENT_BACKUP] = "#edc948",
	[SEGMENT_MEMORY] = "#bab0ac",
};

/* --- where everything goes ------------------------------------------------------------- */

static void add_piece(
	struct picture *picture, uint64_t start, uint64_t end, const struct segment *segment)
{
	if (start < end)
		picture->pieces[picture->count++] =
			(struct piece){ .range = { start, end }, .segment = segment };
}

/* The region that takes the segments; for a normal load there is none, only what lies between
 * the first and the last of them. */
static void find_pieces(const struct plan *plan, struct picture *picture)
{
	const struct segment *last = &plan->segments[plan->segment_count - 1];
	uint64_t at;

	picture->range = plan->load_region;
	if (range_size(picture->range) == 0)
		picture->range = (struct range){ plan->segments[0].mem, last->mem + last->memsz };
	at = picture->range.start;
	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];

		add_piece(picture, at, segment->mem, NULL);
		at = segment->mem + segment->memsz;
		add_piece(picture, segment->mem, at, segment);
	}
	add_piece(picture, at, picture->range.end, NULL);
}

/* How far an address is below the top of the bar. */
static uint64_t place(const struct picture *picture, uint64_t address)
{
	uint64_t offset = address - picture->range.start;
	uint64_t size = range_size(picture->range);

	while (size >> 44) { /* so that the product fits; a picture has far fewer lines */
		size >>= 1;
		offset >>= 1;
	}
	return offset * picture->height / size;
}

/* Labels as near to the middle of their pieces as their height allows, in the same order: first
 * down from the top, then up again from the bottom. */
static void place_labels(struct picture *picture)
{
	const uint64_t pitch = LABEL_PITCH * HUNDRED;
	uint64_t free_from = pitch / 2;
	uint64_t free_to = picture->height - pitch / 2;

	for (size_t i = 0; i < picture->count; i++) {
		struct piece *piece = &picture->pieces[i];

		piece->label = (piece->top + piece->bottom) / 2;
		if (piece->label < free_from)
			piece->label = free_from;
		free_from = piece->label + pitch;
	}
	for (size_t i = picture->count; i-- > 0;) {
		struct piece *piece = &picture->pieces[i];

		if (piece->label > free_to)
			piece->label = free_to;
		free_to = piece->label - pitch;
	}
}

static void lay_out(const struct plan *plan, struct picture *picture)
{
	find_pieces(plan, picture);
	picture->height = picture->count * LABEL_PITCH;
	if (picture->height < BAR_HEIGHT)
		picture->height = BAR_HEIGHT;
	picture->height *= HUNDRED;
	for (size_t i = 0; i < picture->count; i++) {
		struct piece *piece = &picture->pieces[i];

		piece->top = place(picture, piece->range.start);
		piece->bottom = place(picture, piece->range.end);
	}
	place_labels(picture);
}

/* --- drawing --------------------------------------------------------------------------- */

/* A coordinate from hundredths. */
#define COORD		  "%" PRIu64 ".%02" PRIu64
#define HUNDREDTHS(value) (value) / HUNDRED, (value) % HUNDRED

/* Text from outside: what XML gives a meaning to is written as a reference, what is not plain
 * ASCII as a question mark. */
static void print_escaped(struct printer *printer, const char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			print(printer, "?");
		else if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
			print(printer, "&#%d;", *text);
		else
			print(printer, "%c", *text);
	}
}

/* In the largest unit that it fills, with one digit behind the point. */
static void print_size(struct printer *printer, uint64_t size)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;

	while (unit < 3 && size >> (10 * (unit + 2)))
		unit++;
	/* the shift leaves room for the tenths */
	size >>= 10 * unit;
	print(printer, "%" PRIu64 ".%" PRIu64 " %s", size >> 10, (size & 1023) * 10 >> 10,
		units[unit]);
}

static const char *describe_check(const struct plan *plan, const struct segment *segment)
{
	if (segment->digested)
		return "verified by SHA-256";
	if (segment->purpose == SEGMENT_PURGATORY)
		return "runs first";
	if (segment->purpose == SEGMENT_MEMORY)
		return "nothing in it yet";
	if (segment->purpose == SEGMENT_ELFCOREHDR && plan->hotplug)
		return "not verified: the kernel rewrites it";
	return "not verified";
}

static void print_head(struct printer *printer, const struct plan *plan,
	const struct plan_inputs *inputs, const struct picture *picture)
{
	const char *what = range_size(plan->load_region) ? "Crash region" : "Memory used";

	print(printer,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%" PRIu64
		"\" font-family=\"sans-serif\" font-size=\"14\">\n"
		"<title>%s [0x%" PRIx64 ", 0x%" PRIx64 ")</title>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
		"<text x=\"20\" y=\"32\" font-size=\"20\">%s, ",
		WIDTH, BAR_TOP + picture->height / HUNDRED + 30, what, picture->range.start,
		picture->range.end, what);
	print_size(printer, range_size(picture->range));
	print(printer, "</text>\n<text x=\"20\" y=\"56\">");
	print_escaped(printer, inputs->machine->name);
	print(printer, ", kernel ");
	print_escaped(printer, inputs->machine->release);
	print(printer,
		"</text>\n"
		"<rect x=\"20\" y=\"70\" width=\"%d\" height=\"14\" fill=\"#2ca02c\"/>\n"
		"<text x=\"42\" y=\"82\">verified before the new kernel starts</text>\n",
		STRIP_WIDTH);
}

/* The bar's own frame, and the addresses of its ends. */
static void print_frame(struct printer *printer, const struct picture *picture)
{
	print(printer,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"" COORD
		"\" fill=\"#f4f4f4\" stroke=\"black\"/>\n",
		BAR_LEFT, BAR_TOP, BAR_WIDTH, HUNDREDTHS(picture->height));
	print(printer,
		"<g font-family=\"monospace\" text-anchor=\"end\">\n"
		"<text x=\"%d\" y=\"%d\">0x%" PRIx64 "</text>\n"
		"<text x=\"%d\" y=\"%" PRIu64 "\">0x%" PRIx64 "</text>\n</g>\n",
		BAR_LEFT - 8, BAR_TOP + 12, picture->range.start, BAR_LEFT - 8,
		BAR_TOP + picture->height / HUNDRED, picture->range.end);
}

static void print_bar(struct printer *printer, const struct piece *piece)
{
	const uint64_t y = BAR_TOP * HUNDRED + piece->top;
	uint64_t height = piece->bottom - piece->top;

	if (height < THINNEST)
		height = THINNEST;
	print(printer,
		"<rect x=\"%d\" y=\"" COORD "\" width=\"%d\" height=\"" COORD "\" fill=\"%s\"/>\n",
		BAR_LEFT, HUNDREDTHS(y), BAR_WIDTH - STRIP_WIDTH, HUNDREDTHS(height),
		colours[piece->segment->purpose]);
	if (piece->segment->digested)
		print(printer,
			"<rect class=\"digest\" x=\"%d\" y=\"" COORD
			"\" width=\"%d\" height=\"" COORD "\" fill=\"#2ca02c\"/>\n",
			BAR_RIGHT - STRIP_WIDTH, HUNDREDTHS(y), STRIP_WIDTH, HUNDREDTHS(height));
}

static void print_label(struct printer *printer, const struct plan *plan, const struct piece *piece)
{
	const uint64_t middle = BAR_TOP * HUNDRED + (piece->top + piece->bottom) / 2;
	const uint64_t label = BAR_TOP * HUNDRED + piece->label;
	const char *gap =
		range_size(plan->load_region) ? "free for the capture kernel" : "not loaded to";

	print(printer,
		"<polyline points=\"%d," COORD " %d," COORD " %d," COORD
		"\" fill=\"none\" stroke=\"#888888\"/>\n",
		BAR_RIGHT, HUNDREDTHS(middle), LABEL_LEFT - 20, HUNDREDTHS(label), LABEL_LEFT - 6,
		HUNDREDTHS(label));
	if (piece->segment)
		print(printer,
			"<rect x=\"%d\" y=\"" COORD "\" width=\"12\" height=\"12\" fill=\"%s\"/>\n",
			LABEL_LEFT, HUNDREDTHS(label - 13 * HUNDRED),
			colours[piece->segment->purpose]);
	print(printer, "<text x=\"%d\" y=\"" COORD "\">", LABEL_TEXT,
		HUNDREDTHS(label - 2 * HUNDRED));
	if (piece->segment)
		print(printer, "<tspan font-weight=\"bold\">%s</tspan>, ",
			segment_purpose_name(piece->segment->purpose));
	print_size(printer, range_size(piece->range));
	print(printer, ", %s</text>\n",
		piece->segment ? describe_check(plan, piece->segment) : gap);
	print(printer,
		"<text x=\"%d\" y=\"" COORD "\" font-family=\"monospace\" font-size=\"12\">"
		"[0x%" PRIx64 ", 0x%" PRIx64 ")</text>\n",
		LABEL_TEXT, HUNDREDTHS(label + 14 * HUNDRED), piece->range.start, piece->range.end);
}

int plan_dump_svg(const struct plan *plan, const struct plan_inputs *inputs, struct blob *ret)
{
	struct printer printer = { .out = ret };
	struct picture picture = { .count = 0 };

	lay_out(plan, &picture);
	print_head(&printer, plan, inputs, &picture);
	print_frame(&printer, &picture);
	for (size_t i = 0; i < picture.count; i++) {
		const struct piece *piece = &picture.pieces[i];

		print(&printer, "<g class=\"%s\">\n",
			piece->segment ? segment_purpose_name(piece->segment->purpose) : "gap");
		if (piece->segment)
			print_bar(&printer, piece);
		print_label(&printer, plan, piece);
		print(&printer, "</g>\n");
	}
	print(&printer, "</svg>\n");
	return printer.status;
}
