"""cl_revenue_ops: fees drawn by Thompson sampling between floors and a ceiling, and its rebalancer."""
