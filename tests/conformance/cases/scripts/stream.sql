USE c_scripts;
INSERT INTO s SELECT id + 10, dflt, u8, u3, u16, u32, u2, c1251, kr, jp, cn, gr, he, th, k8, l2, bin FROM s;
UPDATE s SET c1251 = 'мир', kr = NULL WHERE id = 1;
