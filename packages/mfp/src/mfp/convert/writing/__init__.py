"""Which generated file is written where, and which are left over."""
