// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/setup_data.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* One a device with an option ROM, and a few more. */
#define NODES_MAX 512u

void setup_data_done(struct setup_data *list)
{
	for (size_t i = 0; i < list->count; i++)
		blob_done(&list->nodes[i].data);
	free(list->nodes);
	*list = (struct setup_data){ .count = 0 };
}

/* What has gone meanwhile, or has no number for a type, is no node. */
static int read_node(const struct sysroot *root, const char *name, bool (*wanted)(uint64_t type),
	size_t max, struct setup_data *list, struct err *err)
{
	struct setup_node *node = &list->nodes[list->count];
	char path[sizeof(SETUP_DATA_DIR) + NAME_MAX + 8];
	uint64_t type;
	int status;

	snprintf(path, sizeof(path), SETUP_DATA_DIR "/%s/type", name);
	if (sysroot_read_u64(root, path, 16, &type, NULL) || !wanted(type))
		return ST_OK;
	snprintf(path, sizeof(path), SETUP_DATA_DIR "/%s/data", name);
	status = sysroot_read(root, path, max, &node->data, err);
	if (status)
		return status;
	node->type = (uint32_t)type;
	list->count++;
	return ST_OK;
}

int setup_data_read(const struct sysroot *root, bool (*wanted)(uint64_t type), size_t max,
	struct setup_data *ret, struct err *err)
{
	struct setup_data list = { .count = 0 };
	struct err why = ERR_INIT;
	char **names;
	size_t count;
	int status = sysroot_list(root, SETUP_DATA_DIR, &names, &count, &why);

	if (status == ST_NOT_FOUND)
		return ST_OK;
	if (status)
		return err_set(err, status, why.id, "%s", why.text);
	if (count > NODES_MAX)
		status = err_set(err, ST_BAD_INPUT, "setup-data",
			SETUP_DATA_DIR " has %zu nodes, wanted at most %u", count, NODES_MAX);
	else
		list.nodes = calloc(count + 1, sizeof(*list.nodes));
	if (!status && !list.nodes)
		status = err_no_memory(err);
	for (size_t i = 0; i < count && !status; i++)
		status = read_node(root, names[i], wanted, max, &list, err);
	sysroot_free_names(names, count);
	if (status)
		setup_data_done(&list);
	else
		*ret = list;
	return status;
}
