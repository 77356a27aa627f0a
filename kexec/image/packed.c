// SPDX-License-Identifier: GPL-2.0-only
/* A file that is only packed: Image.gz, Image.zst and so on. */
#include "kexec/image/format.h"

int packed_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	(void)file;
	(void)image;
	(void)err;
	ret->bytes = bytes;
	ret->codec = codec_detect(bytes);
	return ret->codec == CODEC_NONE ? ST_NOT_MINE : ST_OK;
}

int packed_lzma_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err)
{
	(void)file;
	(void)image;
	(void)err;
	ret->bytes = bytes;
	ret->codec = CODEC_LZMA;
	return codec_is_lzma(bytes) ? ST_OK : ST_NOT_MINE;
}
